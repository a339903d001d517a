package service;

import static org.hamcrest.Matchers.containsString;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.webmvc.test.autoconfigure.AutoConfigureMockMvc;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.MockMvc;

@SpringBootTest(properties = "service.body-limit=1000")
@AutoConfigureMockMvc
class ServiceTest {

    @Autowired
    private MockMvc service;

    @Test
    void itIsHealthy() throws Exception {
        service.perform(get("/health"))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.status").value("ok"))
                .andExpect(jsonPath("$.uptime_s").isNumber());
    }

    @Test
    void itSaysWhatItIs() throws Exception {
        service.perform(get("/")).andExpect(jsonPath("$.service").value("{{SERVICE_NAME}}"));
        service.perform(get("/api/info")).andExpect(jsonPath("$.language").value("Java"));
    }

    @Test
    void itEchoesJson() throws Exception {
        String sent = "{\"a\": [1, null]}";
        service.perform(post("/api/echo").contentType(MediaType.APPLICATION_JSON).content(sent))
                .andExpect(content().json("{\"echo\": " + sent + "}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "", "{} {}"})
    void brokenJsonIsTheClientsMistake(String sent) throws Exception {
        service.perform(post("/api/echo").contentType(MediaType.APPLICATION_JSON).content(sent)
                        .header("X-Request-ID", "mine"))
                .andExpect(status().isBadRequest())
                .andExpect(header().string("X-Request-ID", "mine"))
                .andExpect(jsonPath("$.request_id").value("mine"));
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() throws Exception {
        String sent = "\"" + "a".repeat(1000) + "\"";
        service.perform(post("/api/echo").contentType(MediaType.APPLICATION_JSON).content(sent))
                .andExpect(status().isContentTooLarge())
                .andExpect(jsonPath("$.error").value("the body is larger than 1000 bytes"));
    }

    @Test
    void whatIsNotThereIsAnErrorInJson() throws Exception {
        service.perform(get("/nowhere")).andExpect(status().isNotFound()).andExpect(jsonPath("$.error").exists());
        service.perform(delete("/health")).andExpect(status().isMethodNotAllowed());
    }

    @Test
    void metricsCountByRoute() throws Exception {
        service.perform(get("/no/such/page"));
        service.perform(get("/metrics"))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString(
                        "http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} ")));
    }
}
