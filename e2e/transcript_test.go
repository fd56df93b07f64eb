package e2e

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/tether"
)

// transcript keeps what a program prints and tells whoever waits for a line.
type transcript struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed and made anew with every write
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.grown)
	s.grown = make(chan struct{})
	return s.text.Write(p)
}

// String is all that was printed.
func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *transcript) hasLine(line string) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(strings.Split(s.text.String(), "\n"), line), s.grown
}

// waitFor waits for a whole line.
func (s *transcript) waitFor(t *testing.T, p *tether.Process, line string, within time.Duration) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		has, grown := s.hasLine(line)
		if has {
			return
		}
		select {
		case <-grown:
		case <-p.Done():
			require.FailNow(t, "it ended without saying "+line, "%v\n%s", p.Err(), s)
		case <-deadline.C:
			require.FailNow(t, "it does not say "+line, "%s", s)
		}
	}
}

// tail is the end of a file, as far as it can be read.
func tail(file string, most int) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(content[max(0, len(content)-most):])
}
