package supervise

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNextPause(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	var pause time.Duration
	for range 8 {
		pause = nextPause(pause, time.Second)
		got = append(got, pause/time.Millisecond)
	}
	require.Equal(t, []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000}, got)
	require.Equal(t, firstPause, nextPause(lastPause, longLife))
}

func TestChildThatFailsIsStartedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := newEvents()
	s := newSupervisor(t, Options{Dir: dir, Report: seen.report})
	begun := time.Now()
	require.NoError(t, s.Start(part(dir, "one", "fails")))
	for n, event := range seen.wait(t, Ended, 4)[:4] {
		require.Equal(t, firstPause<<n, event.After)
		require.ErrorContains(t, event.Err, "exit status 3")
	}
	require.GreaterOrEqual(t, time.Since(begun), 700*time.Millisecond, "three pauses lie between four ends")
}

func TestKilledChildComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := newEvents()
	s := newSupervisor(t, Options{Dir: dir, Report: seen.report})
	require.NoError(t, s.Start(part(dir, "one", "stubborn")))
	require.NoError(t, s.Wait(t.Context(), "one"))
	first := recordedPID(t, dir, "one")
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	second := seen.wait(t, Ready, 2)[1].PID
	require.NotEqual(t, first, second)
	require.Equal(t, second, recordedPID(t, dir, "one"))
	require.NoError(t, s.Wait(t.Context(), "one"))
}

func TestChildrenStopInReverseOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	order := filepath.Join(dir, "order")
	s := newSupervisor(t, Options{Dir: dir})
	for _, name := range []string{"postgres", "worker", "api"} {
		require.NoError(t, s.Start(part(dir, name, "obeys "+order)))
	}
	require.NoError(t, s.Wait(t.Context(), "postgres", "worker", "api"))
	s.Stop()
	content, err := os.ReadFile(order)
	require.NoError(t, err)
	require.Equal(t, "api\nworker\npostgres\n", string(content))
	left, err := filepath.Glob(filepath.Join(dir, "run", "*"))
	require.NoError(t, err)
	require.Empty(t, left, "pid files go with their processes")
	require.ErrorIs(t, s.Start(part(dir, "late", "stubborn")), errStopped)
	require.ErrorIs(t, s.Wait(t.Context(), "api"), errStopped)
}

func TestStubbornChildIsKilledAfterItsGrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSupervisor(t, Options{Dir: dir})
	c := part(dir, "one", "stubborn")
	c.Grace = 50 * time.Millisecond
	require.NoError(t, s.Start(c))
	require.NoError(t, s.Wait(t.Context(), "one"))
	s.Stop()
}

func TestKillCutsAnOrderlyStopShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSupervisor(t, Options{Dir: dir})
	c := part(dir, "one", "stubborn")
	c.Grace = time.Hour
	require.NoError(t, s.Start(c))
	require.NoError(t, s.Wait(t.Context(), "one"))
	pid := recordedPID(t, dir, "one")
	stopped := make(chan struct{})
	go func() { s.Stop(); close(stopped) }()
	require.NotEmpty(t, markOf(pid))
	s.Kill()
	<-stopped
	require.Empty(t, markOf(pid))
}

func TestLateIsSaidOnceWithTheReason(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := newEvents()
	s := newSupervisor(t, Options{Dir: dir, Report: seen.report, Late: 300 * time.Millisecond})
	c := part(dir, "one", "fails")
	c.Ready = func(context.Context) error { return errors.New("no answer") }
	require.NoError(t, s.Start(c))
	late := seen.wait(t, Late, 1)[0]
	require.Error(t, late.Err)
	seen.wait(t, Ended, 4)
	require.Len(t, seen.of(Late), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, s.Wait(ctx, "one"), "wait for one")
}

func TestLogOfTheRunBeforeIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		s := newSupervisor(t, Options{Dir: dir})
		require.NoError(t, s.Run(t.Context(), "one", command("one", "ends")))
	}
	logs, err := filepath.Glob(filepath.Join(dir, "log", "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "log", "one.log"), filepath.Join(dir, "log", "one.log.1")}, logs)
	for _, log := range logs {
		content, err := os.ReadFile(log)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(content), "running"))
	}
}

func TestRunOnce(t *testing.T) {
	t.Parallel()
	s := newSupervisor(t, Options{Dir: t.TempDir()})
	require.NoError(t, s.Run(t.Context(), "good", command("good", "ends")))
	require.ErrorContains(t, s.Run(t.Context(), "bad", command("bad", "fails")), "run bad: exit status 3")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Run(ctx, "long", command("long", "stubborn")), context.DeadlineExceeded)
}

func TestWaitForAPartThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSupervisor(t, Options{Dir: t.TempDir()})
	require.ErrorContains(t, s.Wait(t.Context(), "one"), "never started")
}
