package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var known = settings{service: "{{SERVICE_NAME}}", environment: "dev", bodyLimit: 1000, grace: 10 * time.Second}

// ask sends one request to a new service; what it logged comes along.
func ask(t *testing.T, method, path, body string, header http.Header) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	if header != nil {
		request.Header = header
	}
	answer := httptest.NewRecorder()
	newRouter(known, newLogger(&log, known.service)).ServeHTTP(answer, request)
	return answer, log.String()
}

func TestEachRouteAnswersJSON(t *testing.T) {
	for path, field := range map[string]string{"/": "service", "/health": "uptime_s", "/api/info": "framework"} {
		answer, _ := ask(t, "GET", path, "", nil)
		var body map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || answer.Code != 200 || body[field] == nil {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}

func TestEchoGivesBackWhatIsJSONAndRefusesTheRest(t *testing.T) {
	for sent, want := range map[string]int{
		`{"text": "ß", "n": 12345678901234567890}`: 200,
		`{"text": `:                           400,
		`{} {}`:                               400,
		"\"\xff\"":                            400,
		"":                                    400,
		`"` + strings.Repeat("a", 1000) + `"`: 413,
	} {
		answer, _ := ask(t, "POST", "/api/echo", sent, nil)
		if answer.Code != want {
			t.Errorf("%.20q: expected %d, got %d %s", sent, want, answer.Code, answer.Body)
		}
		if want == 200 && !strings.Contains(answer.Body.String(), `"n":12345678901234567890`) {
			t.Errorf("the body changed on its way: %s", answer.Body)
		}
	}
}

func TestWhatIsNotThereIsAnErrorInJSON(t *testing.T) {
	for path, method := range map[string]string{"/nowhere": "GET", "/health": "DELETE"} {
		answer, _ := ask(t, method, path, "", nil)
		if answer.Code < 404 || !strings.Contains(answer.Body.String(), `"error"`) {
			t.Errorf("%s %s: %d %s", method, path, answer.Code, answer.Body)
		}
	}
}

func TestTheCallersRequestIDIsPassedOnAndLogged(t *testing.T) {
	answer, log := ask(t, "GET", "/health", "", http.Header{"X-Request-Id": {"abc-1"}})
	if answer.Header().Get("X-Request-ID") != "abc-1" || !strings.Contains(log, `"request_id":"abc-1"`) {
		t.Errorf("header %q, log %s", answer.Header().Get("X-Request-ID"), log)
	}
	answer, log = ask(t, "GET", "/health", "", http.Header{"X-Request-Id": {"a b\nforged"}})
	if id := answer.Header().Get("X-Request-ID"); id == "" || strings.Contains(log, "forged") {
		t.Errorf("header %q, log %s", id, log)
	}
}

func TestMetricsCountByRoute(t *testing.T) {
	router := newRouter(known, slog.New(slog.DiscardHandler))
	for _, path := range []string{"/health", "/health", "/no/such/page"} {
		router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	answer := httptest.NewRecorder()
	router.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`http_requests_total{method="GET",route="/health",status="200"} 2`,
		`http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`http_request_duration_seconds_count{method="GET",route="/health"} 2`,
	} {
		if !strings.Contains(answer.Body.String(), line) {
			t.Errorf("no %s in %s", line, answer.Body)
		}
	}
}

func TestARequestUnderWayIsFinishedBeforeTheServiceStops(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun, stopped := make(chan bool), make(chan error)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		stopped <- serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun <- true
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		}), known.grace)
	}()
	reading, writing := io.Pipe()
	answered := make(chan string)
	go func() {
		answer, err := http.Post("http://"+listener.Addr().String(), "text/plain", reading)
		if err != nil {
			answered <- err.Error()
			return
		}
		body, _ := io.ReadAll(answer.Body)
		answered <- string(body)
	}()
	<-begun
	stop()
	writing.Write([]byte("finished"))
	writing.Close()
	if got := <-answered; got != "finished" {
		t.Errorf("got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
