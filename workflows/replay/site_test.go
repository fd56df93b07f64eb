package replay

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"duradesk/activities"
	"duradesk/dispatch"
	"duradesk/dispatch/temporaltest"
	"duradesk/lifecycle"
	"duradesk/mail"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
	"duradesk/webhook"
	hookpost "duradesk/webhook/post"
	"duradesk/worker"
	"duradesk/workflows"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		workAsChild()
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait more than they work
		panic(err)
	}
	code := m.Run()
	temporaltest.Stop()
	pgtest.Stop()
	_ = os.RemoveAll(workshop)
	os.Exit(code)
}

// patience is how long anything may take on a busy machine.
const patience = 2 * time.Minute

const testKey = "a secret key that is only for tests"

var (
	sato = ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}
	lead = ticket.Actor{Kind: ticket.ActorAgent, ID: "lead", Role: ticket.RoleLead}
	// Words that must never reach Temporal; every history of these tests is searched for them.
	yamada = ticket.Client{Name: "Yamada Taro", Email: "yamada@client.example", Access: "none"}
)

// site is a desk: a database and a namespace of its own.
type site struct {
	t         testing.TB
	dsn       string
	namespace string
	client    client.Client
	store     *postgres.Store
	queue     *postgres.Queue
	bell      *dispatch.Bell
	outside   *outside
	rules     *lifecycle.Table

	manner manner
	crew   *crew            // the last that began
	gate   sync.RWMutex     // held while a ring is sent twice
	rings  []func()         // kept until the path waits
	owed   []ticket.Receipt // what they are about

	mu       sync.Mutex
	commands int
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, dsn: pgtest.DatabaseFrom(t, "furnished", furnish), rules: lifecycle.Inquiry}
	s.store = s.open(t)
	s.queue = postgres.NewQueue(s.store, postgres.QueueConfig{Rules: s.rules, Mint: mint{}})
	s.outside = newOutside()
	s.enter()
	listening, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go s.store.Listen(listening)
	return s
}

// enter has the site work in an empty namespace, whose histories are searched when the test ends.
func (s *site) enter() {
	s.t.Helper()
	s.namespace = temporaltest.Namespace(s.t)
	s.client = temporaltest.Client(s.t, s.namespace)
	s.bell = &dispatch.Bell{Client: s.client, ConsoleURL: "https://desk.example"}
	require.NoError(s.t, dispatch.Ensure(s.ctx(), s.client, s.namespace, 24*time.Hour))
	c, namespace := s.client, s.namespace
	s.t.Cleanup(func() { searchHistories(s.t, c, namespace) })
}

// searchHistories requires of every workflow of a namespace that nothing about anybody stands in its history.
func searchHistories(t testing.TB, c client.Client, namespace string) {
	if t.Failed() {
		return // one reason is enough
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace})
	require.NoError(t, err)
	for _, w := range list.GetExecutions() {
		discreet(t, historyOf(ctx, t, c, w.GetExecution().GetWorkflowId(), w.GetExecution().GetRunId()))
	}
}

func (s *site) open(t testing.TB) *postgres.Store {
	t.Helper()
	store, err := openStore(s.ctx(), s.dsn)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

func openStore(ctx context.Context, dsn string) (*postgres.Store, error) {
	sealer, err := postgres.NewSealer(testKey)
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, postgres.Config{URL: dsn, MaxConns: 8, AppName: "test", Sealer: sealer, Log: slog.New(slog.DiscardHandler)})
}

// ctx ends in time for a test to say what it waited for.
func (s *site) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	return ctx
}

// furnish makes the template database of every site.
func furnish(ctx context.Context, dsn string) error {
	if err := postgres.Migrate(ctx, dsn); err != nil {
		return err
	}
	store, err := openStore(ctx, dsn)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"); err != nil {
		return err
	}
	err = store.EnsureFirstDesk(ctx, postgres.FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support",
		IMAPAddr: "127.0.0.1:1", SMTPAddr: "127.0.0.1:1", Username: "support@desk.example", Password: "demo", FromStart: true, Subaddress: true,
	})
	if err != nil {
		return err
	}
	// One clock of response and no warnings: the shell is tried here, not the rules.
	settings := ticket.DefaultSettings()
	settings.NextResponse, settings.Resolution, settings.WarnAt = ticket.Targets{}, ticket.Targets{}, 0
	if _, err := store.Pool().Exec(ctx, `update policies set settings = $1`, settings); err != nil {
		return err
	}
	if _, err := store.Pool().Exec(ctx, `update desks set manner = manner || '{"undo_send": 0}'`); err != nil {
		return err
	}
	for key, role := range map[string]ticket.Role{"lead": ticket.RoleLead, "sato": ticket.RoleAgent} {
		_, err := store.AddAgent(ctx, postgres.Person{Key: key, Name: key, Email: key + "@desk.example", Role: role, Groups: []string{"support"}, Desks: []string{"support"}}, "")
		if err != nil {
			return err
		}
	}
	_, err = store.Pool().Exec(ctx, `create table test_sent (delivery text not null, at timestamptz not null default clock_timestamp())`)
	return err
}

type mint struct{}

func (mint) MessageID(kind, delivery, domain string) string {
	return "t." + delivery + "." + kind + "@" + domain
}

var keys = mail.Keys{{ID: "k", Secret: []byte("only for tests, of sixteen bytes and more")}}

// crew is a worker at work.
type crew struct {
	ContinueAfter int
	Crash         func(point string)
	Wrap          func(activities.Desk) activities.Desk
	HookGiveUp    time.Duration
	Deployment    worker.Deployment

	set    []func(*crew)
	cancel context.CancelFunc
	done   chan error
}

// work starts a worker, which ends with the test or when it is stopped.
func (s *site) work(set ...func(*crew)) *crew {
	s.t.Helper()
	c := &crew{ContinueAfter: 1000, Crash: func(string) {}, Wrap: func(d activities.Desk) activities.Desk { return d }, done: make(chan error, 1)}
	if s.manner.continueAfter > 0 {
		c.ContinueAfter = s.manner.continueAfter
	}
	c.set, s.crew = set, c
	for _, f := range set {
		f(c)
	}
	if wrap := c.Wrap; s.manner.twice {
		c.Wrap = func(d activities.Desk) activities.Desk { return gated{wrap(d), &s.gate} }
	}
	conn := temporaltest.Client(s.t, s.namespace)
	queue := postgres.NewQueue(s.store, postgres.QueueConfig{Rules: s.rules, Mint: mint{}, Crash: c.Crash})
	w := worker.New(conn, parts(queue, &dispatch.Bell{Client: conn}, s.outside, s.outside, c))
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	go func() { c.done <- w.Run(ctx) }()
	s.t.Cleanup(c.stop)
	return c
}

// stop ends the worker in order and waits for it.
func (c *crew) stop() {
	if c.cancel != nil {
		c.cancel()
		<-c.done //nolint:errcheck // it was told to stop; whatever it says, the next starts anew
		c.cancel = nil
	}
}

func parts(q *postgres.Queue, b *dispatch.Bell, out activities.Sender, in activities.Post, c *crew) worker.Parts {
	log := slog.New(slog.DiscardHandler)
	return worker.Parts{
		Desk:    &workflows.Desk{ConsoleURL: "https://desk.example"},
		Tickets: &activities.Tickets{Desk: c.Wrap(q), Bell: b, Log: log, ContinueAfter: c.ContinueAfter, Crash: c.Crash},
		Deliveries: &activities.Deliveries{
			Outbox: q, Sender: out, Bell: b, Keys: keys, Log: log, Now: time.Now, Crash: c.Crash,
			Say: func(_, key string, _ map[string]string) string { return key },
		},
		Notices:   &activities.Notices{Staff: q, Bell: b, Log: log},
		Mailboxes: &activities.Mailboxes{Intake: q, Post: in, Bell: b, Keys: keys, Log: log, Now: time.Now},
		Bulk:      &activities.Bulk{Jobs: q, Bell: b, Log: log, Now: time.Now, Crash: c.Crash},
		Webhooks:  &activities.Webhooks{Hooks: q, Poster: poster{hookpost.New(hookpost.Config{Allowed: webhook.Hosts{"127.0.0.1"}, Timeout: time.Second})}, Log: log, Now: time.Now, Pause: 100 * time.Millisecond, GiveUp: c.HookGiveUp},
		AtOnce:    4, Deployment: c.Deployment,
	}
}

// relay runs a relay until the test ends.
func (s *site) relay() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	r := &dispatch.Relay{Bell: s.bell, Record: s.queue, Log: slog.New(slog.NewTextHandler(s.t.Output(), nil))}
	go func() { defer close(done); r.Run(ctx) }()
	s.t.Cleanup(func() { cancel(); <-done })
}

// order is a command that is not stored yet.
type order = ticket.Order

func (s *site) id(k ticket.Kind) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands++
	return fmt.Sprintf("%s-%d", k, s.commands)
}

// mailed is a client's mail: to a new ticket where n is 0.
func (s *site) mailed(n ticket.Number) order {
	id := s.id(ticket.ClientReply)
	writer := yamada
	o := order{
		ID: id, Number: n, Kind: ticket.ClientReply, By: ticket.Actor{Kind: ticket.ActorClient}, Name: yamada.Name, Fingerprint: id, Writer: &writer,
		Params:  ticket.Params{Reply: &ticket.ReplyParams{Channel: ticket.ChannelMail}},
		Message: &ticket.NewMessage{Body: "The plaintext of a client.", Author: ticket.By{Kind: ticket.ActorClient, Name: yamada.Name}, MailID: id + "@client.example"},
	}
	if n == 0 {
		o.Opening = &ticket.Opening{Desk: "support", Title: "A subject of a client", Channel: ticket.ChannelMail, Language: "en", Client: yamada}
	}
	return o
}

func (s *site) command(n ticket.Number, k ticket.Kind, by ticket.Actor) order {
	id := s.id(k)
	o := order{ID: id, Number: n, Kind: k, By: by, Name: by.ID, Fingerprint: id}
	if k == ticket.AgentResponse || k == ticket.Note {
		o.Message = &ticket.NewMessage{Body: "The plaintext of an agent.", Format: "markdown", Note: k == ticket.Note, Author: ticket.By{Kind: by.Kind, ID: by.ID, Name: by.ID}}
	}
	return o
}

// put stores an order and tells nobody.
func (s *site) put(o order) ticket.Receipt {
	s.t.Helper()
	r, _, err := s.queue.Store(s.ctx(), o)
	require.NoError(s.t, err)
	return r
}

func (s *site) ring(r ticket.Receipt) {
	s.t.Helper()
	if s.manner.twice {
		s.gate.Lock()
		defer s.gate.Unlock()
	}
	s.tell(r)
}

func (s *site) tell(r ticket.Receipt) {
	s.t.Helper()
	if s.manner.twice {
		s.tellOnce(r)
	}
	s.tellOnce(r)
}

func (s *site) tellOnce(r ticket.Receipt) {
	s.t.Helper()
	require.NoError(s.t, s.bell.Ring(s.ctx(), r.Number, r.Kind.String(), ticket.Ring{ID: r.ID, Seq: r.Seq}))
}

// await returns the receipt once it is done.
func (s *site) await(r ticket.Receipt) ticket.Receipt {
	s.t.Helper()
	now, err := s.queue.Await(s.ctx(), r)
	require.NoError(s.t, err)
	require.True(s.t, now.Done(), "%s of ticket %d was not applied in time", r.Kind, r.Number)
	return now
}

// does stores, rings and waits for the receipt.
func (s *site) does(o order) ticket.Receipt {
	s.t.Helper()
	r := s.put(o)
	if s.manner.batched {
		s.later(func() { s.tell(r) })
		s.owed = append(s.owed, r)
		return r
	}
	s.ring(r)
	r = s.await(r)
	if s.manner.continueAfter > 0 {
		s.settle(r.Number)
	}
	return r
}

// opened is a new ticket.
func (s *site) opened() ticket.Number {
	s.t.Helper()
	n := s.does(s.mailed(0)).Number
	s.settle(n)
	return n
}

func (s *site) process(n ticket.Number) ticket.Process {
	s.t.Helper()
	r, err := s.store.Ticket(s.ctx(), n)
	require.NoError(s.t, err)
	return r.Process
}

// events are the names in the ticket's record.
func (s *site) events(n ticket.Number) []string {
	s.t.Helper()
	rows, err := s.store.Pool().Query(s.ctx(), `select case when type = 'event' then name else type end from events where ticket = $1 order by n`, n)
	require.NoError(s.t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	return out
}

func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.store.Pool().Exec(s.ctx(), sql, args...)
	require.NoError(s.t, err)
}

func (s *site) text(sql string, args ...any) (text string) {
	s.t.Helper()
	require.NoError(s.t, s.store.Pool().QueryRow(s.ctx(), sql, args...).Scan(&text))
	return text
}

// startLeft does the relay's part, for there is none here: a worker that has no answer to its start of a delivery within two
// seconds, as on a crowded machine, leaves it to that. What does not go now goes the next time.
func (s *site) startLeft(ctx context.Context) {
	left, _ := s.queue.Unstarted(ctx, 100)
	for _, id := range left {
		if s.bell.StartDelivery(ctx, id) == nil {
			_ = s.queue.Started(ctx, []string{id})
		}
	}
}

// ended waits for the end of a workflow, which may begin a moment after what it does was written down.
func (s *site) ended(id string) {
	s.t.Helper()
	s.flush()
	require.Eventually(s.t, func() bool {
		_, err := s.client.DescribeWorkflowExecution(s.ctx(), id, "")
		if errors.As(err, new(*serviceerror.NotFound)) {
			s.startLeft(s.ctx())
			return false
		}
		return true
	}, patience, 20*time.Millisecond, id)
	require.NoError(s.t, s.client.GetWorkflow(s.ctx(), id, "").Get(s.ctx(), nil), id)
}

// count is how often something happened.
func count(events []string, name string) int {
	n := 0
	for _, e := range events {
		if strings.EqualFold(e, name) {
			n++
		}
	}
	return n
}
