package replay

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/activities"
	"duradesk/postgres"
	"duradesk/ticket"
	"duradesk/webhook"
	hookpost "duradesk/webhook/post"
)

// poster is the real door of HTTP.
type poster struct{ c *hookpost.Client }

func (p poster) Post(ctx context.Context, url, id string, secrets []ticket.Secret, body []byte) activities.Posted {
	plain := make([]string, len(secrets))
	for i, s := range secrets {
		plain[i] = s.Reveal()
	}
	a := p.c.Post(ctx, url, id, plain, body)
	return activities.Posted{Status: a.Status, Error: a.Error, Wait: a.Wait, Took: a.Took}
}

// receiver hears webhooks, in whatever mood it is.
type receiver struct {
	t      testing.TB
	secret string
	addr   string
	server *http.Server

	mu    sync.Mutex
	mood  func(n int, e ticket.Envelope) int // the status for the nth request; 0: it hangs
	count int
	heard []ticket.Envelope // those that were taken, in their order
	ids   map[string]int
	down  chan struct{}
}

func newReceiver(t testing.TB, mood func(int, ticket.Envelope) int) *receiver {
	t.Helper()
	r := &receiver{t: t, secret: webhook.NewSecret(), mood: mood, ids: map[string]int{}}
	r.start("127.0.0.1:0")
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *receiver) start(addr string) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	require.NoError(r.t, err)
	r.addr, r.down = l.Addr().String(), make(chan struct{})
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Second}
	go func(s *http.Server) { _ = s.Serve(l) }(r.server)
}

func (r *receiver) stop() {
	close(r.down)
	_ = r.server.Close()
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err == nil {
		err = webhook.Verify([]string{r.secret}, q.Header.Get(webhook.HeaderID), q.Header.Get(webhook.HeaderTimestamp), q.Header.Get(webhook.HeaderSignature), body, time.Now())
	}
	var e ticket.Envelope
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err != nil {
		r.t.Errorf("a request that nobody believes: %v", err)
		return
	}
	r.mu.Lock()
	r.count++
	status := r.mood(r.count, e)
	if status == 200 {
		r.heard = append(r.heard, e)
		r.ids[q.Header.Get(webhook.HeaderID)]++
	}
	r.mu.Unlock()
	if status == 0 {
		select {
		case <-r.down:
		case <-q.Context().Done():
		}
		panic(http.ErrAbortHandler) // it says nothing, ever
	}
	w.WriteHeader(status)
}

func (r *receiver) url() string { return "http://" + r.addr + "/hear" }

func (r *receiver) so(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn()
}

// webhook registers a receiver.
func (s *site) webhook(r *receiver, events ...string) string {
	s.t.Helper()
	w, err := s.store.AddWebhook(s.ctx(), postgres.Webhook{URL: r.url(), Events: events, Enabled: true}, ticket.Secret(r.secret))
	require.NoError(s.t, err)
	return w.ID
}

// events lays so many events of so many tickets into the record and the feed.
func (s *site) happen(tickets, each int) {
	s.t.Helper()
	first := s.opened()
	for i := range tickets {
		n := ticket.Number(5001 + i)
		_, err := s.store.Pool().Exec(s.ctx(), `insert into tickets (number, id, desk, title, client, channel, last_at, process, revision, state, created_at, updated_at, reply_token)
			select $1::bigint, gen_random_uuid(), desk, title, client, channel, last_at, process, revision, state, created_at, updated_at, 'r' || $1::bigint::text from tickets where number = $2`, n, first)
		require.NoError(s.t, err)
	}
	for line := range each {
		_, err := s.store.Pool().Exec(s.ctx(), `insert into events (ticket, revision, n, seq, at, type, name, by_kind)
			select 5000 + i, $2, $2, $2, clock_timestamp(), 'event', 'assigned', 'system' from generate_series(1, $1) i`, tickets, line+1)
		require.NoError(s.t, err)
	}
	_, err := s.store.Feed(s.ctx())
	require.NoError(s.t, err)
}

// soaking is a number that is larger where there is time.
func soaking(usual, soak int) int {
	if os.Getenv("DURADESK_SOAK") != "" {
		return soak
	}
	return usual
}

// TestEachWebhookIsDeliveredInOrderToAReceiverThatFailsHangsAndRestarts: 300 (10,000 when soaking).
func TestEachWebhookIsDeliveredInOrderToAReceiverThatFailsHangsAndRestarts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	s.relay()
	tickets, each := soaking(30, 500), soaking(10, 20)
	hung := 0
	r := newReceiver(t, func(n int, _ ticket.Envelope) int {
		switch {
		case n%41 == 0 && hung < 3:
			hung++
			return 0
		case n%13 == 0:
			return 500
		default:
			return 200
		}
	})
	id := s.webhook(r, "ticket.assigned")
	began := time.Now()
	s.happen(tickets, each)
	half := tickets * each / 2
	require.Eventually(t, func() bool { var n int; r.so(func() { n = len(r.heard) }); return n > half }, 10*time.Minute, 10*time.Millisecond)
	r.stop()
	r.start(r.addr)
	require.Eventually(t, func() bool { return s.number(`select count(*) from hooks where state = 'delivered'`) == tickets*each }, 10*time.Minute, 50*time.Millisecond)
	t.Logf("%d delivered in %s, %d requests", tickets*each, time.Since(began).Round(time.Millisecond), r.count)

	last := map[ticket.Number]int64{}
	r.so(func() {
		require.Len(t, r.ids, tickets*each, "each was taken, under an id of its own")
		for _, e := range r.heard {
			require.Equal(t, "ticket.assigned", e.Type)
			require.GreaterOrEqual(t, e.ID, last[e.Ticket.Number], "in the order of its ticket")
			last[e.Ticket.Number] = e.ID
		}
	})
	s.ended("webhook-" + id)
	discreet(t, s.history("webhook-"+id, ""))
}

func TestAWebhookThatNeverAnswersIsSwitchedOffAndTheAdminsAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(func(c *crew) { c.HookGiveUp = 300 * time.Millisecond })
	s.relay()
	r := newReceiver(t, func(int, ticket.Envelope) int { return 500 })
	id := s.webhook(r)
	_, err := s.store.Pool().Exec(s.ctx(), `insert into agents (key, name, email, role) values ('boss', 'Boss', 'boss@desk.example', 'admin')`)
	require.NoError(t, err)
	s.happen(3, 1)
	require.Eventually(t, func() bool {
		w, err := s.store.Webhook(s.ctx(), id)
		return err == nil && !w.Enabled && w.OffReason == "failing"
	}, patience, 20*time.Millisecond)
	require.Positive(t, s.number(`select count(*) from notices where name = 'webhook_off' and agent = 'boss'`))

	// Switched on again, what waits is sent.
	r.so(func() { r.mood = func(int, ticket.Envelope) int { return 200 } })
	w, err := s.store.Webhook(s.ctx(), id)
	require.NoError(t, err)
	w.Enabled = true
	_, err = s.store.ChangeWebhook(s.ctx(), w)
	require.NoError(t, err)
	pending := s.number(`select count(*) from hooks where state <> 'failed'`)
	require.Eventually(t, func() bool { return s.number(`select count(*) from hooks where state = 'delivered'`) == pending }, patience, 20*time.Millisecond)

	// 410: it wants no more.
	r.so(func() { r.mood = func(int, ticket.Envelope) int { return 410 } })
	_, err = s.store.PingWebhook(s.ctx(), id)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		w, err := s.store.Webhook(s.ctx(), id)
		return err == nil && !w.Enabled && w.OffReason == "gone"
	}, patience, 20*time.Millisecond)
}

// TestAKilledSenderIsFollowedByAnother: what it had sent and not written down is sent again under the same id, in order.
func TestAKilledSenderIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.child("")
	s.relay()
	r := newReceiver(t, func(int, ticket.Envelope) int { return 200 })
	s.webhook(r, "ticket.assigned")
	tickets, each := 20, soaking(4, 10)
	s.happen(tickets, each)
	require.Eventually(t, func() bool { var n int; r.so(func() { n = len(r.heard) }); return n > 20 }, patience, time.Millisecond)
	first.Signal(syscall.SIGKILL)
	<-first.Done()
	s.work()
	require.Eventually(t, func() bool { return s.number(`select count(*) from hooks where state = 'delivered'`) == tickets*each }, patience+time.Minute, 50*time.Millisecond)
	r.so(func() { require.Len(t, r.ids, tickets*each) })
}

func webhookWithRetries(s *site) string {
	s.work()
	r := newReceiver(s.t, func(n int, _ ticket.Envelope) int {
		if n < 12 { // until the pause is one that the workflow waits for
			return 503
		}
		return 200
	})
	id := s.webhook(r, "ticket.assigned")
	s.happen(2, 2)
	require.NoError(s.t, s.bell.StartChore(s.ctx(), ticket.Chore{Workflow: ticket.WorkflowWebhook, ID: id}))
	require.Eventually(s.t, func() bool { return s.number(`select count(*) from hooks where state = 'delivered'`) == 4 }, patience, 20*time.Millisecond)
	s.ended("webhook-" + id)
	return "webhook-" + id
}
