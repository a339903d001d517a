package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

const version = "0.1.0"

// newRouter is the whole service as a handler; add your routes here.
func newRouter(s settings, logger *slog.Logger) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	metrics := newMetrics()
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.Use(requestID(), observed(logger, metrics), recovered(logger), limited(s.bodyLimit))
	router.NoRoute(func(c *gin.Context) { fail(c, http.StatusNotFound, "not found") })
	router.NoMethod(func(c *gin.Context) { fail(c, http.StatusMethodNotAllowed, "method not allowed") })

	began := time.Now()
	router.GET("/", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"service": s.service, "version": version, "environment": s.environment})
	})
	router.GET("/health", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"status": "ok", "uptime_s": time.Since(began).Seconds()})
	})
	router.GET("/metrics", gin.WrapH(metrics.handler()))

	api := router.Group("/api")
	api.GET("/info", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"service": s.service, "language": runtime.Version(), "framework": "gin " + gin.Version})
	})
	api.POST("/echo", echo)
	return router
}

// echo answers the JSON it was sent.
func echo(c *gin.Context) {
	body, err := c.GetRawData()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(c, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit))
	case err != nil:
		fail(c, http.StatusBadRequest, "the body could not be read")
	case !utf8.Valid(body) || !json.Valid(body):
		fail(c, http.StatusBadRequest, "the body is not JSON")
	default:
		c.JSON(http.StatusOK, gin.H{"echo": json.RawMessage(body)})
	}
}

// fail ends the request with the one shape of all errors.
func fail(c *gin.Context, status int, message string) {
	c.AbortWithStatusJSON(status, gin.H{"error": message, "request_id": c.GetString(idHeader)})
}
