package service;

import java.lang.management.ManagementFactory;
import java.util.Map;
import org.springframework.boot.SpringBootVersion;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** The routes; add yours here. */
@RestController
class ServiceController {

    private static final String VERSION = "0.1.0";

    private final ServiceProperties service;

    ServiceController(ServiceProperties service) {
        this.service = service;
    }

    @GetMapping("/")
    Map<String, Object> index() {
        return Map.of("service", service.name(), "version", VERSION, "environment", service.environment());
    }

    @GetMapping("/health")
    Map<String, Object> health() {
        return Map.of("status", "ok", "uptime_s", ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0);
    }

    @GetMapping("/api/info")
    Map<String, Object> info() {
        return Map.of(
                "service", service.name(),
                "language", "Java",
                "framework", "Spring Boot " + SpringBootVersion.getVersion());
    }

    /** The JSON it was sent. */
    @PostMapping("/api/echo")
    Map<String, Object> echo(@RequestBody JsonNode payload) {
        return Map.of("echo", payload);
    }
}
