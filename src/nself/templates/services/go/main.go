// {{SERVICE_NAME}}, an HTTP service of {{PROJECT_NAME}}: how it starts and stops.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	health := flag.Bool("health", false, "ask the service beside this one whether it is well, and leave with 0 or 1")
	flag.Parse()
	s, err := settingsFromEnvironment()
	logger := newLogger(os.Stdout, s.service)
	switch {
	case err != nil:
	case *health:
		err = probe(s.port)
	default:
		err = run(s, logger)
	}
	if err != nil {
		logger.Error("failed", "error", err.Error())
		os.Exit(1)
	}
}

func run(s settings, logger *slog.Logger) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	logger.Info("started", "address", listener.Addr().String())
	if err := serve(ctx, listener, newRouter(s, logger), s.grace); err != nil {
		return err
	}
	logger.Info("stopped")
	return nil
}

// serve answers until ctx ends, then finishes the requests it had begun, for as long as grace.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(within); err != nil {
		return fmt.Errorf("requests were cut off after %s: %w", grace, err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// probe asks for /health; for images, which have no curl.
func probe(port string) error {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get("http://" + net.JoinHostPort("127.0.0.1", port) + "/health")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("/health answered %s", answer.Status)
	}
	return nil
}
