package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

const idHeader = "X-Request-ID"

var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// requestID passes the caller's X-Request-ID on, or makes one, so that one request is found
// in every log.
func requestID() gin.HandlerFunc {
	return func(c *gin.Context) {
		id := c.GetHeader(idHeader)
		if !acceptableID.MatchString(id) {
			id = rand.Text()
		}
		c.Set(idHeader, id)
		c.Header(idHeader, id)
	}
}

// observed logs and counts each request, once it is answered.
func observed(logger *slog.Logger, metrics *metrics) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		took := time.Since(began)
		metrics.observe(c.Request.Method, c.FullPath(), c.Writer.Status(), took)
		logger.LogAttrs(c, slog.LevelInfo, "request",
			slog.String("method", c.Request.Method),
			slog.String("path", c.Request.URL.Path),
			slog.Int("status", c.Writer.Status()),
			slog.Float64("duration_ms", float64(took.Microseconds())/1000),
			slog.String("request_id", c.GetString(idHeader)),
		)
	}
}

// recovered turns a panic into a logged stack and a plain 500.
func recovered(logger *slog.Logger) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, panicked any) {
		logger.Error("panic", "value", panicked, "stack", string(debug.Stack()), "request_id", c.GetString(idHeader))
		fail(c, http.StatusInternalServerError, "internal error")
	})
}

// limited refuses to read more of a body than most bytes.
func limited(most int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most)
	}
}
