package api

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// listening is an open stream; its blocks come by the channel, which is closed at its end.
type listening struct {
	blocks chan string
	hangUp func()
}

// listen opens a stream on a real server.
func listen(t *testing.T, url, token, lastID string) *listening {
	t.Helper()
	return listenAs(t, url, "Authorization", "Bearer "+token, lastID)
}

// listenAs opens it as whom a header names.
func listenAs(t *testing.T, url, header, who, lastID string) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/v1/stream", nil)
	require.NoError(t, err)
	r.Header.Set(header, who)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	got, err := http.DefaultClient.Do(r) //nolint:bodyclose // closed by what reads it
	require.NoError(t, err)
	require.Equal(t, 200, got.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", got.Header.Get("Content-Type"))
	require.Equal(t, "no", got.Header.Get("X-Accel-Buffering"))
	l := &listening{blocks: make(chan string, 1000), hangUp: cancel}
	go func() {
		defer close(l.blocks)
		defer got.Body.Close()
		lines := bufio.NewScanner(got.Body)
		block := ""
		for lines.Scan() {
			if lines.Text() == "" {
				l.blocks <- strings.TrimSuffix(block, "\n")
				block = ""
				continue
			}
			block += lines.Text() + "\n"
		}
	}()
	return l
}

// next is the next block that is no hint about counts.
func (l *listening) next(t *testing.T) string {
	t.Helper()
	for {
		select {
		case b, open := <-l.blocks:
			require.True(t, open, "the stream has ended")
			if !strings.HasPrefix(b, "event: views") {
				return b
			}
		case <-time.After(20 * time.Second):
			require.Fail(t, "nothing came")
		}
	}
}

func served(t *testing.T) (*fake, *httptest.Server) {
	t.Helper()
	f := newFake()
	s := httptest.NewServer(f.door())
	t.Cleanup(s.Close)
	return f, s
}

func TestAStreamTellsWhatConcernsItsReader(t *testing.T) {
	t.Parallel()
	f, s := served(t)
	f.feed.happen(Hint{Number: 1042, Revision: 1, Desk: "support"})
	sato := listen(t, s.URL, f.tokenOf(t, "sato", scopeRead), "")
	mori := listen(t, s.URL, f.tokenOf(t, "mori", scopeRead), "")
	admin := listen(t, s.URL, bootstrap, "")
	for _, l := range []*listening{sato, mori, admin} {
		require.Equal(t, "retry: 2000\nid: 1", l.next(t), "it begins where the log ends")
	}
	require.Equal(t, 1, f.feed.following(), "one hears for all")

	f.feed.happen(Hint{Number: 1046, Revision: 2, Desk: "other"}, Hint{Number: 1042, Revision: 2, Desk: "support"}, Hint{Number: 1042, Revision: 3, Desk: "support"})
	require.Equal(t, "id: 4\nevent: ticket\ndata: {\"number\":1042,\"revision\":3}", sato.next(t), "a ticket is named once for all that happened at once")
	require.Equal(t, "id: 2\nevent: ticket\ndata: {\"number\":1046,\"revision\":2}", mori.next(t))
	require.Equal(t, "id: 2\nevent: ticket\ndata: {\"number\":1046,\"revision\":2}", admin.next(t))
	require.Equal(t, "id: 4\nevent: ticket\ndata: {\"number\":1042,\"revision\":3}", admin.next(t))

	f.feed.stir(Stir{Number: 1042, Desk: "support"})
	require.Equal(t, "event: presence\ndata: {\"number\":1042}", sato.next(t))
	f.feed.happen(Hint{Number: 1046, Revision: 3, Desk: "other"})
	require.Equal(t, "id: 5\nevent: ticket\ndata: {\"number\":1046,\"revision\":3}", mori.next(t), "of presence elsewhere he hears nothing")

	for _, l := range []*listening{sato, mori, admin} {
		l.hangUp()
	}
	require.Eventually(t, func() bool { return f.feed.following() == 0 }, 10*time.Second, 5*time.Millisecond, "nobody listens, nobody hears")
}

func TestCountsAreHintedAtOnceASecond(t *testing.T) {
	t.Parallel()
	f, s := served(t)
	sato := listen(t, s.URL, f.tokenOf(t, "sato", scopeRead), "")
	sato.next(t)
	for i := range int64(50) {
		f.feed.happen(Hint{Number: 1042, Revision: i, Desk: "support"})
	}
	views, began := 0, time.Now()
	for views < 2 {
		if b := <-sato.blocks; b == "event: views\ndata: {}" {
			views++
			f.feed.happen(Hint{Number: 1042, Revision: 99, Desk: "support"})
		}
	}
	require.Greater(t, time.Since(began), viewsPause)
}

func TestWhoComesBackGetsWhatHeMissed(t *testing.T) {
	t.Parallel()
	f, s := served(t)
	for i := range int64(10) {
		f.feed.happen(Hint{Number: 1042, Revision: i, Desk: "support"}, Hint{Number: 1046, Revision: i, Desk: "other"}, Hint{Number: 1043, Revision: i, Desk: "support"})
	}
	token := f.tokenOf(t, "sato", scopeRead)
	back := listen(t, s.URL, token, "6")
	require.Equal(t, "retry: 2000", back.next(t))
	require.Equal(t, "id: 28\nevent: ticket\ndata: {\"number\":1042,\"revision\":9}", back.next(t))
	require.Equal(t, "id: 30\nevent: ticket\ndata: {\"number\":1043,\"revision\":9}", back.next(t))
	require.Equal(t, "id: 30", back.next(t))
	f.feed.happen(Hint{Number: 1044, Revision: 1, Desk: "support"})
	require.Contains(t, back.next(t), "id: 31")

	same := listen(t, s.URL, token, "31")
	require.Equal(t, "retry: 2000\nid: 31", same.next(t))

	lost := listen(t, s.URL, token, "9999")
	require.Equal(t, "retry: 2000\nid: 31", lost.next(t))
	require.Equal(t, "event: reset\ndata: {}", lost.next(t), "of a log that is another by now")

	many := make([]Hint, replayMost+1)
	for i := range many {
		many[i] = Hint{Number: 1042, Revision: int64(i), Desk: "support"}
	}
	f.feed.happen(many...)
	require.Eventually(t, f.feed.taken, 10*time.Second, time.Millisecond)
	late := listen(t, s.URL, token, "31")
	late.next(t)
	require.Equal(t, "event: reset\ndata: {}", late.next(t), "too much was missed")
}

func TestAStreamEndsWithItsProcessAndWithItsRights(t *testing.T) {
	t.Parallel()
	f := newFake()
	done := make(chan struct{})
	o := f.options()
	o.Done = done
	s := httptest.NewServer(New(o))
	t.Cleanup(s.Close)
	l := listen(t, s.URL, bootstrap, "")
	l.next(t)
	close(done)
	_, open := <-l.blocks
	require.False(t, open)

	f.feed.away = ErrStoreAway
	call(t, New(o), bootstrap, "GET", "/api/v1/stream?seconds=0", "").is(t, 503, "store-away")
	call(t, New(o), "", "GET", "/api/v1/stream?seconds=0", "").is(t, 401, "unauthorized")
	call(t, New(o), f.tokenOf(t, "sato", scopeAct), "GET", "/api/v1/stream?seconds=0", "").is(t, 403, "forbidden")
}

func TestTheOldestOfTooManyStreamsEnds(t *testing.T) {
	t.Parallel()
	f, s := served(t)
	token := f.tokenOf(t, "sato", scopeRead)
	oldest := listen(t, s.URL, token, "")
	oldest.next(t)
	for range streamsOfAgent {
		listen(t, s.URL, token, "").next(t)
	}
	for {
		if _, open := <-oldest.blocks; !open {
			return
		}
	}
}

// TestWhoNeverReadsIsDropped: of a thousand readers half take nothing. When as much waits for one as may, he is dropped;
// until then he holds what all hold, nothing of his own. So what they cost together is bounded, however many they are.
func TestWhoNeverReadsIsDropped(t *testing.T) {
	t.Parallel()
	f := newFake()
	h := newHub(&f.feed, slog.New(slog.DiscardHandler))
	var awake, deaf []*reading
	for i := range 1000 {
		r, _, err := h.join(t.Context(), asker{Person: Person{Key: "reader" + itoa(i), Role: ticket.RoleAgent, Desks: []string{"support"}}}, f.now)
		require.NoError(t, err)
		if i%2 == 0 {
			awake = append(awake, r)
		} else {
			deaf = append(deaf, r)
		}
	}
	for i := range readerBacklog + 1 {
		h.send(t.Context(), []frame{{desk: "support", text: []byte("data: " + itoa(i) + "\n\n"), presence: true}}) // moves no counts
		first := <-awake[0].out
		for _, r := range awake[1:] {
			require.Same(t, &first[0], &(<-r.out)[0], "what is sent is made once")
		}
	}
	for _, r := range deaf {
		select {
		case <-r.gone:
		default:
			require.Fail(t, "one who takes nothing was kept")
		}
		require.Len(t, r.out, readerBacklog)
	}
	h.mu.Lock()
	require.Len(t, h.readers, len(awake))
	h.mu.Unlock()
	for _, r := range awake {
		h.leave(r)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Nil(t, h.stop, "when nobody reads, nobody listens")
}

// TestAThousandReadersOfWhomHalfNeverRead: those who read get every hint, over the network too, whatever the others do.
func TestAThousandReadersOfWhomHalfNeverRead(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := httptest.NewUnstartedServer(f.door())
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10) //nolint:forcetypeassert // the listener is TCP
		return ctx
	}
	s.Start()
	t.Cleanup(s.Close)
	const pairs, rounds = 500, 40
	tokens := make([]string, 40) // 25 streams each: as many as one may have
	for i := range tokens {
		key := "reader" + itoa(i)
		f.mu.Lock()
		f.people[key] = Person{Key: key, Name: key, Role: f.people["sato"].Role, Desks: []string{"support"}}
		f.mu.Unlock()
		tokens[i] = f.tokenOf(t, key, scopeRead)
	}
	var all sync.WaitGroup
	for i := range pairs {
		deaf(t, s.Listener.Addr().String(), tokens[i%len(tokens)])
		l := listen(t, s.URL, tokens[i%len(tokens)], "")
		l.next(t)
		all.Go(func() {
			last := ""
			for b := range l.blocks {
				if strings.HasPrefix(b, "id: ") {
					last = b
				}
				if strings.Contains(last, "\"revision\":"+itoa(rounds*1000)) {
					return
				}
			}
			t.Errorf("a reader was hung up on after %q", last)
		})
	}
	began := time.Now()
	for i := range int64(rounds) {
		lines := make([]Hint, 100) // more than a deaf reader's buffers take
		for k := range lines {
			lines[k] = Hint{Number: ticket.Number(2000 + k), Revision: (i + 1) * 1000, Desk: "support"}
		}
		f.feed.happen(lines...)
		require.Eventually(t, f.feed.taken, 20*time.Second, time.Millisecond)
	}
	all.Wait()
	t.Logf("%d readers heard %d rounds of 100 in %s", pairs, rounds, time.Since(began))
}

// deaf opens a stream and never reads.
func deaf(t *testing.T, addr, token string) {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_ = c.(*net.TCPConn).SetReadBuffer(4 << 10) //nolint:forcetypeassert // it is TCP
	_, err = io.WriteString(c, "GET /api/v1/stream HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer "+token+"\r\n\r\n")
	require.NoError(t, err)
}

func TestPresence(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	call(t, door, sato, "PUT", "/api/v1/tickets/1042/presence", `{"doing":"writing","tab":"a7"}`).is(t, 204)
	call(t, door, sato, "PUT", "/api/v1/tickets/1046/presence", `{"doing":"writing"}`).is(t, 404, "not-found")
	r := call(t, door, sato, "PUT", "/api/v1/tickets/1042/presence", `{"doing":"sleeping","tab":"A 7","x":1}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/doing", "/tab", "/x"}, r.pointers())

	lead := f.tokenOf(t, "lead", scopeRead)
	r = call(t, door, lead, "GET", "/api/v1/tickets/1042/presence", "")
	r.is(t, 200)
	require.Equal(t, "sato", r.at("items", 0, "agent"))
	require.Equal(t, "writing", r.at("items", 0, "doing"))
	call(t, door, lead, "GET", "/api/v1/tickets/1046/presence", "").is(t, 404, "not-found")

	require.NoError(t, f.feed.Attend(t.Context(), 1046, "mori", "", "viewing", time.Minute))
	r = call(t, door, lead, "GET", "/api/v1/presence?number=1042&number=1046&number=9", "")
	r.is(t, 200)
	require.EqualValues(t, 1, r.at("total"), "who is at tickets of others is not told")
	require.EqualValues(t, 2, call(t, door, bootstrap, "GET", "/api/v1/presence?number=1042&number=1046", "").at("total"))
	require.EqualValues(t, 0, call(t, door, f.tokenOf(t, "nobody", scopeRead), "GET", "/api/v1/presence?number=1042", "").at("total"))
	require.EqualValues(t, 0, call(t, door, lead, "GET", "/api/v1/presence", "").at("total"))
	call(t, door, lead, "GET", "/api/v1/presence?number=1"+strings.Repeat("&number=1", 200), "").is(t, 400, "invalid-query")

	call(t, door, sato, "DELETE", "/api/v1/tickets/1042/presence?tab=a7", "").is(t, 204)
	require.EqualValues(t, 0, call(t, door, lead, "GET", "/api/v1/tickets/1042/presence", "").at("total"))
}
