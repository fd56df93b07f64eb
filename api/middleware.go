package api

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

const keyRequestID = "request_id"

var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// observe gives the request an id, counts it and writes its line in the log: no body, no query, no token.
func (s *server) observe(c *gin.Context) {
	began := time.Now()
	id := c.GetHeader("X-Request-Id")
	if !goodRequestID.MatchString(id) {
		id = uuid.Must(uuid.NewV7()).String()
	}
	c.Set(keyRequestID, id)
	c.Header("X-Request-Id", id)
	done := s.figures.begin()
	c.Next()
	took := time.Since(began)
	done(c.Request.Method, c.FullPath(), c.Writer.Status(), took)
	s.Log.LogAttrs(c.Request.Context(), levelOf(c), "request",
		slog.String("method", c.Request.Method), slog.String("path", c.Request.URL.Path), slog.String("route", c.FullPath()),
		slog.Int("status", c.Writer.Status()), slog.Int("bytes", c.Writer.Size()), slog.Duration("took", took),
		slog.String("agent", askerOf(c).id()), slog.String("request_id", id))
}

// levelOf keeps the questions of machines, asked every second, out of the ordinary log.
func levelOf(c *gin.Context) slog.Level {
	if c.Request.Context().Value(keyInside{}) != nil {
		return slog.LevelDebug
	}
	switch c.FullPath() {
	case "/healthz", "/readyz", "/metrics":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recovered turns a panic into a 500 and keeps its stack for the log.
func (s *server) recovered(c *gin.Context) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(fault)
		}
		s.Log.ErrorContext(c.Request.Context(), "panic in a handler", "panic", fault, "route", c.FullPath(),
			"request_id", c.GetString(keyRequestID), "stack", string(debug.Stack()))
		s.fail(c, problem{kind: internal})
	}()
	c.Next()
}

// headers that hold for every answer: nothing is cached, framed, sniffed or told to others. What needs a wider policy
// (the docs page) sets its own.
func headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language, Authorization, Cookie")
}

// admit lets through who may call the operation, as often as he may, and only with query parameters that it has.
func (s *server) admit(c *gin.Context) {
	op, ok := s.operation(c)
	if !ok {
		return // no such route or method: the router says so
	}
	if p := s.admitted(c, op); p.kind != "" {
		s.fail(c, p)
		return
	}
	if slices.ContainsFunc(c.Params, func(p gin.Param) bool { return !utf8.ValidString(p.Value) || strings.ContainsRune(p.Value, 0) }) {
		s.fail(c, problem{kind: notFound}) // nothing has such a name, and the database takes none
		return
	}
	// An identity provider may add what it likes to the address that it sends the browser back to (RFC 6749 §4.1.2).
	if faults := s.queryFaults(c, op); len(faults) > 0 && op.id != "endOIDC" {
		s.fail(c, problem{kind: invalidQuery, faults: faults})
		return
	}
	// Several Prefer lines are one list (RFC 7240 §2); the generated server takes one line only.
	if lines := c.Request.Header.Values("Prefer"); len(lines) > 1 {
		c.Request.Header.Set("Prefer", strings.Join(lines, ", "))
	}
	s.audited(c, op)
}

// admitted says why the operation is not for who asks; nothing where it is.
func (s *server) admitted(c *gin.Context, op operation) problem {
	if op.public {
		if err := s.crossOrigin.Check(c.Request); err != nil { // a sign-in forced by another site, say
			return problem{kind: crossOrigin}
		}
		if !strings.HasPrefix(c.FullPath(), "/api/v1/") {
			return problem{}
		}
		if op.id == "takeInbound" {
			if s.perAddress.empty(networkOf(c.ClientIP())) {
				return s.measured(c, asker{}) // too much that nobody had signed
			}
			return problem{} // it is measured when it is known who signed it
		}
		return s.measured(c, asker{})
	}
	if s.perAddress.empty(networkOf(c.ClientIP())) {
		return s.measured(c, asker{}) // too many that nobody knew
	}
	who, p := s.authenticate(c, op.id)
	c.Set(keyAsker, who)
	if p.kind == unauthorized {
		if over := s.measured(c, asker{}); over.kind != "" {
			return over
		}
		return p
	}
	if over := s.measured(c, who); over.kind != "" {
		return over
	}
	return p
}

// misbound answers what the generated server could not read. Queries were looked at before, so that it is a path: a
// ticket's number that is none.
func (s *server) misbound(c *gin.Context, err error, _ int) {
	s.Log.DebugContext(c.Request.Context(), "parameter not read", "error", err, "request_id", c.GetString(keyRequestID))
	s.fail(c, problem{kind: notFound})
}
