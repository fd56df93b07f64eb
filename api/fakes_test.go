package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

const bootstrap = "bootstrap-token-for-tests"

// fake is a whole desk in memory: its rules are the real ones, its store and clockwork a map and a lock.
type fake struct {
	wide      string // what takes too long to count
	wideUntil time.Time
	drafts    fakeDrafts
	uploads   fakeUploads
	saved     fakeViews
	taboo     []Forbidden
	habits    map[string]ticket.StaffSettings
	looks     map[string]ticket.ListLook
	mu        sync.Mutex
	now       time.Time
	tickets   map[ticket.Number]*ticket.Record
	items     map[ticket.Number][]ticket.Item
	past      map[ticket.Number][]Past
	receipts  map[string]*stored
	people    map[string]Person
	tokens    map[string]Token // by hash
	desks     []Desk
	groups    []Group
	boxes     []Mailbox
	ledger    []Fate
	policies  map[string]ticket.Settings
	specs     []calendar.Spec
	pieces    []Piece
	words     []ForbiddenWord
	notices   map[string][]Notice
	mail      map[string]ticket.MailSettings // by id
	secrets   []string                       // of mailboxes
	muted     []ticket.Undeliverable
	watched   []string
	tried     ticket.Connection
	compared  ticket.Reconciled
	moved     map[string]ticket.Number // messages that are elsewhere by now
	parts     []Part
	identity
	seq      int64
	rings    int
	stores   int
	reported ticket.ReportQuery
	changed  chan struct{} // closed at every change
	feed     fakeFeed
	tells    *fakeTells
	spoken   *fakeChannels
	spokenIn string // the channel that every ticket is answered in; "": by mail
	bulk     *fakeBulk

	idle   bool          // the worker is away: nothing is applied
	deaf   bool          // Temporal is away: Ring fails
	busy   chan struct{} // Temporal is busy: it hears when this is closed
	away   error         // what every look at the store says
	torn   error         // what Store says after it has stored
	lost   error         // what Await says, and every look at a ticket from then on
	poison bool          // the next command fails when it is applied
	panics bool          // Views panics

	awaitEnds time.Time // until when the last Await might take
	waiting   int       // so many Awaits began
}

type stored struct {
	receipt     ticket.Receipt
	order       ticket.Order
	fingerprint string
}

func newFake() *fake {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	f := &fake{
		now: now, tickets: map[ticket.Number]*ticket.Record{}, items: map[ticket.Number][]ticket.Item{}, past: map[ticket.Number][]Past{}, receipts: map[string]*stored{},
		people: map[string]Person{}, tokens: map[string]Token{}, policies: map[string]ticket.Settings{}, notices: map[string][]Notice{}, changed: make(chan struct{}), tells: newTells(now), spoken: newChannels(now), bulk: newBulk(now), identity: newIdentity(),
		desks:  []Desk{{Key: "support", Name: "サポート", Kind: "inquiry", Address: "support@desk.example", Groups: []string{"support"}}, {Key: "other", Name: "Other", Kind: "inquiry", Groups: []string{"tier9"}}, {Key: "repairs", Name: "修理", Kind: "issue", Process: "issue", Groups: []string{"tier9"}}, {Key: "alarm", Name: "Alarm", Kind: "issue", Process: "incident"}},
		groups: []Group{{Key: "support", Name: "一次対応", Members: []string{"sato"}}, {Key: "tier2", Name: "二次対応"}, {Key: "tier9", Name: "Elsewhere"}},
		boxes:  []Mailbox{{ID: "box-1", Desk: "support", Address: "support@desk.example", State: "polling"}, {ID: "box-2", Desk: "other", Address: "other@desk.example", State: "polling"}},
		parts:  []Part{{Name: "postgres", OK: true, Needed: true}, {Name: "temporal", OK: true}},
	}
	f.muted = []ticket.Undeliverable{{Address: "nobody@client.example", Why: "bounce", Status: "5.1.1", Reason: "User unknown", Number: 1042, Since: now}}
	f.mail, f.tried = map[string]ticket.MailSettings{}, ticket.Connection{IMAP: ticket.Checked{OK: true, Code: "ok"}, SMTP: ticket.Checked{OK: true, Code: "ok"}}
	for _, b := range f.boxes {
		f.mail[b.ID] = ticket.MailSettings{
			ID: b.ID, Desk: b.Desk, Address: b.Address, Enabled: true, Folder: "INBOX", PollSeconds: 60, Caps: ticket.DefaultMailCaps(), After: ticket.After{Mode: "keyword"},
			IMAP: ticket.MailDoor{Addr: "imap.desk.example:993", TLS: "tls"}, SMTP: ticket.MailDoor{Addr: "smtp.desk.example:587", TLS: "starttls"},
			Login: ticket.MailLogin{Mode: ticket.LoginPassword, Username: b.Address, PasswordSet: true},
		}
	}
	for i := range f.desks {
		f.desks[i].Manner, f.desks[i].Settings, f.desks[i].Revision = ticket.DefaultManner(), ticket.DefaultSettings(), 1
	}
	for i := range 40 {
		f.ledger = append(f.ledger, Fate{Mailbox: "box-" + strconv.Itoa(1+i%2), UIDValidity: 1, UID: uint32(100 - i), Fate: []string{"message", "quarantined"}[i/2%2], Number: 1042, MessageID: "<m@client.example>", At: now})
	}
	for _, p := range []Person{
		{Key: "admin", Name: "Admin", Email: "admin@desk.example", Role: ticket.RoleAdmin, Groups: []string{"support"}, Desks: []string{"support"}},
		{Key: "sato", Name: "Sato", Email: "sato@desk.example", Role: ticket.RoleAgent, Language: "ja", Groups: []string{"support"}, Desks: []string{"support"}},
		{Key: "lead", Name: "Lead", Email: "lead@desk.example", Role: ticket.RoleLead, Groups: []string{"support"}, Desks: []string{"support"}},
		{Key: "mori", Name: "Mori", Email: "mori@desk.example", Role: ticket.RoleAgent, Groups: []string{"tier9"}, Desks: []string{"other"}},
		{Key: "nobody", Name: "Nobody", Email: "nobody@desk.example", Role: ticket.RoleAgent},
	} {
		f.people[p.Key] = p
	}
	for _, key := range []string{"sato", "lead", "admin"} {
		for id := range int64(40) {
			f.notices[key] = append(f.notices[key], Notice{ID: 40 - id, Agent: key, Number: 1042, Name: "first_response_breached", Audience: "owner", At: now})
		}
	}
	f.seed(1042, "support", ticket.Open, "sato")
	f.seed(1043, "support", ticket.New, "")
	f.seed(1044, "support", ticket.Spam, "")
	f.seed(1045, "support", ticket.Closed, "sato")
	f.seed(1046, "other", ticket.New, "")
	return f
}

// seed puts a ticket there through the rules, so that its clocks are right.
func (f *fake) seed(n ticket.Number, desk string, state ticket.State, owner string) {
	hash := ticket.Process{Number: n, Desk: desk, Tier: 1, Priority: ticket.Normal, Channel: ticket.ChannelMail, Group: "support"}
	f.tickets[n] = &ticket.Record{
		Process: hash, Title: "プリンターが動きません", Type: "question", Language: "ja", CreatedAt: f.now, UpdatedAt: f.now,
		Client: ticket.Client{ID: "c_01", Name: "山田", Email: "yamada@client.example", Access: "none"}, Settings: ticket.DefaultSettings(),
	}
	client := ticket.Actor{Kind: ticket.ActorClient, ID: "c_01"}
	lead := ticket.Actor{Kind: ticket.ActorAgent, ID: "lead", Role: ticket.RoleLead}
	f.apply(n, ticket.Command{ID: "seed", Kind: ticket.ClientReply, By: client, Message: fmt.Sprintf("m-%d", n)}, "プリンターが動きません。")
	if owner != "" {
		f.apply(n, ticket.Command{ID: "seed-2", Kind: ticket.Assign, By: lead, Params: ticket.Params{Assign: &ticket.AssignParams{Owner: &owner}}}, "")
	}
	switch state { //nolint:exhaustive // those that tests begin with
	case ticket.Spam:
		f.apply(n, ticket.Command{ID: "seed-3", Kind: ticket.Resolve, By: lead, Params: ticket.Params{Resolve: &ticket.ResolveParams{Category: ticket.CategorySpam}}}, "")
	case ticket.Closed:
		f.apply(n, ticket.Command{ID: "seed-3", Kind: ticket.Close, By: lead}, "")
	}
}

func (f *fake) apply(n ticket.Number, c ticket.Command, body string) lifecycle.Decision {
	rec := f.tickets[n]
	f.seq++
	c.Seq, c.At = f.seq, f.now
	table, policy := (&server{Options: Options{}.withDefaults()}).rules(*rec)
	d := table.Apply(rec.Process, c, policy)
	rec.Process = d.Process
	f.past[n] = append(f.past[n], Past{At: f.now, Process: d.Process})
	rec.UpdatedAt = f.now
	if d.Answer != ticket.Applied {
		return d
	}
	if c.Params.Hold != nil {
		rec.HoldUntil = c.Params.Hold.Until
	}
	by := ticket.By{Kind: c.By.Kind, ID: c.By.ID, Name: c.By.ID}
	if c.Message != "" {
		f.add(n, ticket.Item{ID: c.Message, MessageID: c.Message, HasRaw: c.By.Kind == ticket.ActorClient, Revision: d.Process.Revision, Type: map[bool]string{true: "note", false: "message"}[c.Kind == ticket.Note], By: by, CommandID: c.ID, Body: body, Format: "text"})
	}
	for _, e := range d.Events {
		if e.Type == "event" {
			f.add(n, ticket.Item{ID: "e-" + strconv.FormatInt(f.seq, 10) + e.Name, Revision: d.Process.Revision, Type: "event", By: by, CommandID: c.ID, Event: &ticket.Event{Name: e.Name, From: e.From, To: e.To, Cause: ticket.Cause{Rule: d.Rule, Why: e.Why}}})
		}
	}
	return d
}

func (f *fake) add(n ticket.Number, it ticket.Item) {
	it.Seq, it.At = int64(len(f.items[n])+1), f.now
	f.items[n] = append(f.items[n], it)
}

func none(what string) error {
	return &ticket.Error{Code: ticket.NotFound, Message: "there is no such " + what}
}

// Reader.

func (f *fake) Ticket(_ context.Context, n ticket.Number) (ticket.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return ticket.Record{}, f.away
	}
	rec, ok := f.tickets[n]
	if !ok {
		return ticket.Record{}, none("ticket")
	}
	return *rec, nil
}

func (f *fake) TicketAt(ctx context.Context, n ticket.Number, at time.Time) (ticket.Record, error) {
	rec, err := f.Ticket(ctx, n)
	if err != nil {
		return rec, err
	}
	past, _ := f.History(ctx, n)
	found := false
	for _, p := range past {
		if !p.At.After(at) {
			rec.Process, found = p.Process, true
		}
	}
	if !found {
		return ticket.Record{}, none("ticket")
	}
	return rec, nil
}

func (f *fake) History(_ context.Context, n ticket.Number) ([]Past, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.past[n]), f.away
}

func (f *fake) List(_ context.Context, q Query) (Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return Page{}, f.away
	}
	after := 0
	if q.Cursor != "" {
		n, err := strconv.Atoi(q.Cursor)
		if err != nil {
			return Page{}, &ticket.Error{Code: ticket.Invalid, Field: "cursor", Message: "not a cursor of this list"}
		}
		after = n
	}
	var page Page
	for _, n := range f.numbers() {
		rec := f.tickets[n]
		if !matches(*rec, q.Where, q.Viewer) {
			continue
		}
		if len(q.Numbers) > 0 && !slices.Contains(q.Numbers, n) || q.Desks != nil && !slices.Contains(q.Desks, rec.Process.Desk) || len(q.States) > 0 && !slices.Contains(q.States, rec.Process.State) || len(q.Owners) > 0 && !slices.Contains(q.Owners, rec.Process.Owner) {
			continue
		}
		if q.Own != "" && rec.Client.ID != q.Own && !(q.Organisation && f.together[q.Own] == f.together[rec.Client.ID]) {
			continue
		}
		page.Total++
		if int(n) > after && len(page.Items) < q.Limit {
			page.Items = append(page.Items, *rec)
		}
	}
	if len(page.Items) > 0 && len(page.Items) == q.Limit {
		page.Next = strconv.Itoa(int(page.Items[len(page.Items)-1].Process.Number))
	}
	return page, nil
}

func (f *fake) numbers() []ticket.Number {
	out := make([]ticket.Number, 0, len(f.tickets))
	for n := range f.tickets {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (f *fake) Timeline(_ context.Context, n ticket.Number, after int64, limit int, notes bool) ([]ticket.Item, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(f.items[n]), func(it ticket.Item) bool { return it.Type == "note" && !notes })
	from := min(int(min(after, 1<<30)), len(all))
	to := min(from+limit, len(all))
	next := int64(to)
	if to == len(all) {
		next = 0
	}
	return all[from:to], next, f.away
}

func (f *fake) TimelineBefore(_ context.Context, n ticket.Number, before int64, limit int, notes bool) ([]ticket.Item, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(f.items[n]), func(it ticket.Item) bool { return it.Type == "note" && !notes })
	to := len(all)
	if before > 0 {
		to = min(int(min(before, 1<<30))-1, len(all))
	}
	from := max(0, to-limit)
	next := int64(0)
	if from > 0 {
		next = int64(from + 1)
	}
	return all[from:to], next, f.away
}

func (f *fake) Views(context.Context, string) ([]ViewCount, error) {
	if f.panics {
		panic("a handler's port panics")
	}
	out := make([]ViewCount, len(Views))
	for i, key := range Views {
		out[i] = ViewCount{Key: key, Count: i}
	}
	return out, f.away
}

func (f *fake) MessageTicket(_ context.Context, id string) (ticket.Number, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, elsewhere := f.moved[id]; elsewhere {
		return n, nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(id, "m-"))
	if err != nil || f.tickets[ticket.Number(n)] == nil {
		return 0, none("message")
	}
	return ticket.Number(n), nil
}

// FileTicket knows a file of each ticket's message, f-1042, and one of its note, fn-1042; and what attach put to a note.
func (f *fake) FileTicket(ctx context.Context, id string) (ticket.Number, bool, error) {
	of, note := strings.CutPrefix(id, "fn-")
	n, err := f.MessageTicket(ctx, "m-"+strings.TrimPrefix(of, "f-"))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, it := range f.items[n] {
		note = note || it.Type == "note" && slices.ContainsFunc(it.Attachments, func(a ticket.Attachment) bool { return a.ID == id })
	}
	return n, note, err
}

func (f *fake) Raw(context.Context, string) ([]byte, error) {
	return []byte("Subject: x\r\n\r\nbody\r\n"), nil
}

func (f *fake) File(_ context.Context, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	return ticket.Attachment{ID: id, Name: `../請求書 "1".html`, Type: "text/html", Size: 25}, inMemory([]byte("<script>alert(1)</script>")), nil
}

// attach puts a file to what the client said first.
func (f *fake) attach(n ticket.Number) {
	for i := range f.items[n] {
		if f.items[n][i].Type == "message" {
			f.items[n][i].Attachments = []ticket.Attachment{{ID: fmt.Sprintf("f-%d", n), Name: "a.pdf", Type: "application/pdf", Size: 3}}
			return
		}
	}
}

func (f *fake) Parts(context.Context) []Part { return f.parts }

// fresh is a desk of its own with a door, and a call as somebody.
func fresh(t *testing.T) (*fake, http.Handler) {
	t.Helper()
	f := newFake()
	return f, f.door()
}

func (f *fake) door() http.Handler { return New(f.options()) }

func (f *fake) options() Options {
	return Options{
		Reader: f, Queue: f, Feed: &f.feed, Tells: f.tells, Channels: f.spoken, Bulk: f.bulk, Bell: f, People: (*fakePeople)(f), House: (*fakeHouse)(f), Mailroom: f, Health: f, Identity: (*fakeIdentity)(f), Postman: (*fakeIdentity)(f), BootstrapToken: bootstrap, MailKeys: testKeys,
		Drafts:     &f.drafts,
		Uploads:    &f.uploads,
		Letters:    (*fakeLetters)(f),
		SavedViews: &f.saved, Clients: (*fakeIdentity)(f),
		Habits:  (*fakeHabits)(f),
		Reports: f,
		BaseURL: "http://desk.example/", TemporalUIURL: "http://temporal.example:8233/", Now: func() time.Time { return f.now },
	}
}

// tokenOf makes a token of that agent.
func (f *fake) tokenOf(t *testing.T, agent string, scopes ...string) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Contains(t, f.people, agent)
	token, hash := newSecret(tokenPrefix)
	f.tokens[string(hash)] = Token{ID: "t-" + agent, Agent: agent, Scopes: scopes, CreatedAt: f.now}
	return token
}
