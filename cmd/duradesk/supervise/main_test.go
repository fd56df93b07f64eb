package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain plays the children, and a parent that is killed: this binary started again with a role.
func TestMain(m *testing.M) {
	role, argument, _ := strings.Cut(os.Getenv("SUPERVISE_ROLE"), " ")
	switch role {
	case "":
		os.Exit(m.Run())
	case "parent":
		parent(argument)
	default:
		child(role, argument)
	}
}

// child is a part. It says that it runs on its output, which is its log.
func child(role, argument string) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	fmt.Println("running", os.Getpid())
	switch role {
	case "fails":
		os.Exit(3)
	case "stubborn":
		select {}
	case "obeys": // and writes down that it did
		<-asked
		f, err := os.OpenFile(argument, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			panic(err)
		}
		name := os.Getenv("SUPERVISE_NAME")
		if _, err := f.WriteString(name + "\n"); err != nil {
			panic(err)
		}
		os.Exit(0)
	case "ends":
		os.Exit(0)
	}
}

// parent locks a directory and keeps two stubborn children until it is killed.
func parent(dir string) {
	if _, err := TryLock(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s, err := New(Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"one", "two"} {
		if err := s.Start(part(dir, name, "stubborn")); err != nil {
			panic(err)
		}
	}
	if err := s.Wait(context.Background(), "one", "two"); err != nil {
		panic(err)
	}
	fmt.Println("ready")
	select {}
}

func command(name, role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SUPERVISE_ROLE="+role, "SUPERVISE_NAME="+name)
	return cmd
}

// part is a child that is ready when it has said that it runs, and so listens to signals.
func part(dir, name, role string) Child {
	return Child{
		Name:    name,
		Command: func(context.Context) (*exec.Cmd, error) { return command(name, role), nil },
		Ready: func(context.Context) error {
			log, err := os.ReadFile(LogFile(dir, name))
			if err == nil && len(log) == 0 {
				err = errors.New("it has not come so far")
			}
			return err
		},
	}
}

// events collects what is reported and lets a test wait for it.
type events struct {
	mu   sync.Mutex
	all  []Event
	news chan struct{}
}

func newEvents() *events { return &events{news: make(chan struct{}, 1)} }

func (e *events) report(event Event) {
	e.mu.Lock()
	e.all = append(e.all, event)
	e.mu.Unlock()
	select {
	case e.news <- struct{}{}:
	default:
	}
}

func (e *events) of(kind Kind) []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []Event
	for _, event := range e.all {
		if event.Kind == kind {
			found = append(found, event)
		}
	}
	return found
}

// wait waits until n events of a kind were reported.
func (e *events) wait(t *testing.T, kind Kind, n int) []Event {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if found := e.of(kind); len(found) >= n {
			return found
		}
		select {
		case <-e.news:
		case <-deadline:
			t.Fatalf("waited in vain for %d events of kind %d; there were %v", n, kind, e.of(kind))
		}
	}
}

func newSupervisor(t *testing.T, o Options) *Supervisor {
	t.Helper()
	s, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Kill(); s.Stop() })
	return s
}

func recordedPID(t *testing.T, dir, name string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "run", name+".pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	require.NoError(t, err, "scripts read the pid file as one number")
	return pid
}

// requireGone waits for a process to end that is nobody's to reap here.
func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return markOf(pid) == "" }, 10*time.Second, 10*time.Millisecond,
		"process %d still runs", pid)
}
