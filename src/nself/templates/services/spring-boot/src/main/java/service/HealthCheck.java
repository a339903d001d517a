package service;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** Leaves with 0 when the service beside it answers; for images, which have no curl. */
final class HealthCheck {

    public static void main(String[] args) throws IOException {
        String port = System.getenv().getOrDefault("PORT", "{{PORT}}");
        HttpURLConnection asked =
                (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/health").toURL().openConnection();
        asked.setConnectTimeout(2_000);
        asked.setReadTimeout(2_000);
        System.exit(asked.getResponseCode() == 200 ? 0 : 1);
    }
}
