package e2e

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// sink is an SMTP server of the worst kind: it puts off, refuses, hangs up after it has taken a mail, and falls silent.
// It writes down every mail that was handed over whole.
type sink struct {
	addr string

	mu    sync.Mutex
	talks int
	taken map[string][]handed // by recipient
	told  map[string][]string // the refusals of a recipient, 4yz or 5yz: of an answer, and of what else went to the same person
}

// handed is one mail that the sink has read to its final dot. known: the sender was told that it is taken.
type handed struct {
	id    string
	known bool
}

func startSink(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	s := &sink{addr: l.Addr().String(), taken: map[string][]handed{}, told: map[string][]string{}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(conn)
		}
	}()
	return s
}

// moods of the sink, one for each conversation in turn.
var moods = []string{"takes", "452", "takes", "451 at the dot", "hangs up after the dot", "takes", "554", "stalls at the dot", "takes", "hangs up in the text", "421", "takes"}

func (s *sink) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	s.mu.Lock()
	mood := moods[s.talks%len(moods)]
	s.talks++
	s.mu.Unlock()
	lines := bufio.NewReader(conn)
	say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
	say("220 sink.example")
	to := ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250 sink.example")
		case strings.HasPrefix(verb, "RCPT TO:"):
			to = strings.Trim(strings.TrimSpace(line)[len("RCPT TO:"):], "<>")
			if reply := map[string]string{"452": "452 4.3.1 no room now", "554": "554 5.7.1 not for you", "421": "421 4.3.2 closing"}[mood]; reply != "" {
				s.note(func() { s.told[to] = append(s.told[to], reply[:3]) })
				say(reply)
				if mood == "421" {
					return
				}
				continue
			}
			say("250 ok")
		case strings.HasPrefix(verb, "DATA"):
			say("354 go on")
			if mood == "hangs up in the text" {
				return
			}
			s.text(conn, lines, to, mood)
			if mood != "takes" {
				return
			}
		case strings.HasPrefix(verb, "QUIT"):
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// text reads a mail to its final dot, and ends it as the mood is.
func (s *sink) text(conn net.Conn, lines *bufio.Reader, to, mood string) {
	id := ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // the sender died: the mail was not handed over
		}
		if name, value, ok := strings.Cut(line, ":"); ok && id == "" && strings.EqualFold(name, "Message-ID") {
			id = strings.TrimSpace(value)
		}
		if line == ".\r\n" {
			break
		}
	}
	if mood == "451 at the dot" {
		fmt.Fprintf(conn, "451 4.3.0 the disk is full\r\n")
		return
	}
	s.note(func() { s.taken[to] = append(s.taken[to], handed{id, mood == "takes"}) })
	switch mood {
	case "stalls at the dot":
		_, _ = lines.ReadByte() // silent until the sender has had enough (DURADESK_SMTP_ANSWER)
	case "takes":
		fmt.Fprintf(conn, "250 2.0.0 taken\r\n")
	}
}

func (s *sink) note(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// refusing is an SMTP server that has this answer to every recipient.
func refusing(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				fmt.Fprintf(conn, "220 refusing.example\r\n")
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					reply := "250 ok"
					if strings.HasPrefix(strings.ToUpper(lines.Text()), "RCPT") {
						reply = answer
					}
					fmt.Fprintf(conn, "%s\r\n", reply)
				}
			}()
		}
	}()
	return l.Addr().String()
}
