package service;

import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerMapping;

/** Around every request: an id, a limit on its body, its count for /metrics, one line in the log. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class Observe extends OncePerRequestFilter {

    static final String REQUEST_ID = "request_id";

    private static final Logger log = LoggerFactory.getLogger(Observe.class);
    private static final String ID_HEADER = "X-Request-ID";
    private static final Pattern ACCEPTABLE_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private final MeterRegistry meters;
    private final long bodyLimit;

    Observe(MeterRegistry meters, ServiceProperties service) {
        this.meters = meters;
        this.bodyLimit = service.bodyLimit();
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        long began = System.nanoTime();
        String id = requestId(request);
        request.setAttribute(REQUEST_ID, id);
        response.setHeader(ID_HEADER, id);
        // Whatever is logged meanwhile carries the id, too.
        try (MDC.MDCCloseable logged = MDC.putCloseable(REQUEST_ID, id)) {
            chain.doFilter(new LimitedRequest(request, bodyLimit), response);
            count(request, response);
            log.atInfo()
                    .addKeyValue("method", request.getMethod())
                    .addKeyValue("path", request.getRequestURI())
                    .addKeyValue("status", response.getStatus())
                    .addKeyValue("duration_ms", (System.nanoTime() - began) / 1_000 / 1_000.0)
                    .log("request");
        }
    }

    /** The caller's own, so that one request is found in every log, unless it is none. */
    private static String requestId(HttpServletRequest request) {
        return Optional.ofNullable(request.getHeader(ID_HEADER))
                .filter(given -> ACCEPTABLE_ID.matcher(given).matches())
                .orElseGet(() -> UUID.randomUUID().toString());
    }

    /** By the route's pattern, not by path: paths are endless, and each would be a series of its own. */
    private void count(HttpServletRequest request, HttpServletResponse response) {
        Object route = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
        String method = METHODS.contains(request.getMethod()) ? request.getMethod() : "other";
        meters.counter("http.requests",
                "method", method,
                "route", route == null ? "unmatched" : route.toString(),
                "status", Integer.toString(response.getStatus())).increment();
    }
}
