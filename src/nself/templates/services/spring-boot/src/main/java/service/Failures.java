package service;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** The one shape of all errors: {@code {"error": …, "request_id": …}}. */
@RestControllerAdvice
class Failures extends ResponseEntityExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    /** The cause is in the log, under the same request id; the caller is told nothing of it. */
    @ExceptionHandler
    ResponseEntity<Object> unexpected(Exception error, HttpServletRequest request) {
        log.error("failed", error);
        return failure(HttpStatus.INTERNAL_SERVER_ERROR, HttpHeaders.EMPTY, "internal error",
                request.getAttribute(Observe.REQUEST_ID));
    }

    /** What Spring itself refuses: no JSON, no such route, a method that is not allowed, … */
    @Override
    protected ResponseEntity<Object> handleExceptionInternal(
            Exception error, Object body, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        Object told = error instanceof ErrorResponse response ? response.getBody() : body;
        String message = told instanceof ProblemDetail problem ? problem.getDetail() : error.getMessage();
        return failure(status, headers, message,
                request.getAttribute(Observe.REQUEST_ID, RequestAttributes.SCOPE_REQUEST));
    }

    private static ResponseEntity<Object> failure(
            HttpStatusCode status, HttpHeaders headers, String message, Object requestId) {
        return ResponseEntity.status(status).headers(headers)
                .body(Map.of("error", String.valueOf(message), "request_id", String.valueOf(requestId)));
    }
}
