package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// levelNever is above every level that is logged.
const levelNever = slog.Level(100)

// logger gives the server's log lines to slog.
type logger struct {
	slog  *slog.Logger
	level *slog.LevelVar
	out   io.Writer
}

var (
	_ log.Logger      = (*logger)(nil)
	_ log.WithLogger  = (*logger)(nil)
	_ log.SLogWrapper = (*logger)(nil)
)

func newLogger(w io.Writer, level slog.Level, format string) *logger {
	var v slog.LevelVar
	v.Set(level)
	opts := &slog.HandlerOptions{Level: &v}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if format == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	return &logger{slog: slog.New(h), level: &v, out: w}
}

// silence drops every further line.
func (l *logger) silence() { l.level.Set(levelNever) }

// SLog gives the server's own slog users the handler directly.
func (l *logger) SLog() *slog.Logger { return l.slog }

func (l *logger) With(tags ...tag.Tag) log.Logger {
	return &logger{slog: l.slog.With(attrs(tags)...), level: l.level, out: l.out}
}

func (l *logger) log(level slog.Level, msg string, tags []tag.Tag) {
	// Most lines are dropped; their tags are costly to unpack.
	if ctx := context.Background(); l.slog.Enabled(ctx, level) {
		l.slog.Log(ctx, level, msg, attrs(tags)...)
	}
}

func (l *logger) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l *logger) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l *logger) Warn(msg string, tags ...tag.Tag)   { l.log(slog.LevelWarn, msg, tags) }
func (l *logger) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l *logger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal ends the process with one line, as an error from main would.
func (l *logger) Fatal(msg string, tags ...tag.Tag) {
	fmt.Fprintf(l.out, "devserver: %s", msg)
	for _, t := range tags {
		if t.Key() == "error" || t.Key() == "address" {
			fmt.Fprintf(l.out, ": %v", t.Value())
		}
	}
	fmt.Fprintln(l.out)
	os.Exit(1)
}

func attrs(tags []tag.Tag) []any {
	as := make([]any, len(tags))
	for i, t := range tags {
		as[i] = slog.Any(t.Key(), t.Value())
	}
	return as
}
