package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// settings are what the environment tells this service. Nothing else reads it.
type settings struct {
	service     string
	environment string
	host        string
	port        string
	bodyLimit   int64         // largest request body, in bytes
	grace       time.Duration // how long a stop waits for requests that are under way
}

func settingsFromEnvironment() (settings, error) {
	limit, wrongLimit := number("BODY_LIMIT", "1048576")
	grace, wrongGrace := number("GRACE_SECONDS", "10")
	return settings{
		service:     text("SERVICE_NAME", "{{SERVICE_NAME}}"),
		environment: text("ENV", "dev"),
		host:        text("HOST", "127.0.0.1"),
		port:        text("PORT", "{{PORT}}"),
		bodyLimit:   limit,
		grace:       time.Duration(grace) * time.Second,
	}, errors.Join(wrongLimit, wrongGrace)
}

func text(name, fallback string) string {
	return cmp.Or(os.Getenv(name), fallback)
}

func number(name, fallback string) (int64, error) {
	given := text(name, fallback)
	found, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: expected a number, got %q", name, given)
	}
	return found, nil
}
