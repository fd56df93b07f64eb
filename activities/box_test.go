package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// fate is a line of the ledger in memory.
type fate struct {
	ticket.Fate
	attempts int
	marked   bool
	suspect  bool // the server did not hand it out
}

// box is a mailbox and the ledger of it, and writes down what is done, in order.
type box struct {
	settings ticket.Mailbox
	mails    map[uint32]string
	validity uint32
	waits    []func() // what happens while the mailbox is waited for; at the last one the watch ends
	found    ticket.Found
	notice   *ticket.NoticeMailed // what the mail with deliveryID was
	open     error
	settle   func(ticket.Fate) error
	find     func(ticket.Traces)

	mu     sync.Mutex // of what is written while mails are settled and bells ring
	steps  []string
	ledger map[string]*fate // by validity and uid
	traces []ticket.Traces
	rung   []ticket.Ring
	states []string
	listed []uint32 // first UID of each look
	taken  map[[32]byte]bool

	kept     []ticket.Received // what may be settled again
	refused  int
	copies   []ticket.Copy
	unmarked map[uint32]error

	version int
	kills   map[uint32]bool // asked for these, the server hangs up
	hidden  map[uint32]bool // asked for these, it says nothing of them
	broken  bool            // this connection
}

func newBox() *box {
	return &box{
		settings: ticket.Mailbox{ID: "m1", Desk: "support", Address: "support@desk.example", Self: []string{"support@desk.example"}, Folder: "INBOX", FromStart: true},
		mails:    map[uint32]string{}, validity: 7, ledger: map[string]*fate{}, taken: map[[32]byte]bool{},
		found: ticket.Found{Tickets: map[string]ticket.FoundTicket{}},
	}
}

func (b *box) did(step string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.steps = append(b.steps, fmt.Sprintf(step, args...))
}

func (b *box) line(m ticket.Received) *fate { return b.ledger[fmt.Sprint(m.UIDValidity, "/", m.UID)] }

// of returns the fate of a mail under the present UIDVALIDITY.
func (b *box) of(uid uint32) ticket.Fate {
	if f := b.ledger[fmt.Sprint(b.validity, "/", uid)]; f != nil {
		return f.Fate
	}
	return ticket.Fate{}
}

func (b *box) Mailbox(context.Context, string) (ticket.Mailbox, error) { return b.settings, nil }

func (b *box) Receive(_ context.Context, mails []ticket.Received) ([]ticket.Begun, error) {
	out := make([]ticket.Begun, len(mails))
	for i, m := range mails {
		b.did("raw %d", m.UID)
		f := b.line(m)
		if f == nil {
			f = &fate{Fate: ticket.Fate{Received: m}}
			b.ledger[fmt.Sprint(m.UIDValidity, "/", m.UID)] = f
		}
		if f.Fate.Fate != "" {
			out[i] = ticket.Begun{Done: true, Attempts: f.attempts}
			continue
		}
		if f.suspect {
			f.suspect, f.attempts = false, 0
		}
		f.attempts++
		out[i].Attempts = f.attempts
	}
	return out, nil
}

func (b *box) Unbegun(_ context.Context, m ticket.Received, because error) error {
	if errors.Is(because, context.DeadlineExceeded) {
		b.mu.Lock()
		b.line(m).attempts--
		b.mu.Unlock()
	}
	return nil
}

func (b *box) Find(_ context.Context, t ticket.Traces) (ticket.Found, error) {
	b.mu.Lock()
	b.traces = append(b.traces, t)
	b.mu.Unlock()
	if b.find != nil {
		b.find(t)
	}
	return b.found, nil
}

func (b *box) NoticeMailed(_ context.Context, delivery string) (ticket.NoticeMailed, error) {
	if b.notice == nil || delivery != deliveryID {
		return ticket.NoticeMailed{}, &ticket.Error{Code: ticket.NotFound, Message: "this mail was not to staff"}
	}
	return *b.notice, nil
}

func (b *box) Settle(_ context.Context, f ticket.Fate) (ticket.Settled, error) {
	if b.settle != nil {
		if err := b.settle(f); err != nil {
			return ticket.Settled{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken[f.Digest] || f.Content != [32]byte{} && b.taken[f.Content] {
		f.Fate, f.Order = "duplicate", nil
	}
	b.taken[f.Digest], b.taken[f.Content] = true, true
	b.steps = append(b.steps, fmt.Sprintf("settle %d %s", f.UID, f.Fate))
	b.line(f.Received).Fate = f
	out := ticket.Settled{Fate: f.Fate}
	if f.Order != nil {
		out.Number, out.Kind, out.Ring = 1042, f.Order.Kind, ticket.Ring{ID: f.Order.ID, Seq: 1}
	}
	return out, nil
}

func (b *box) Begun(_ context.Context, _ string, validity, lastUID uint32) error {
	b.did("begun %d %d", validity, lastUID)
	b.settings.UIDValidity, b.settings.LastUID = validity, lastUID
	b.settings.FirstUID = lastUID
	return nil
}

func (b *box) Marked(_ context.Context, _ string, _ uint32, uids []uint32) error {
	b.did("cursor %v", uids)
	for _, u := range uids {
		b.ledger[fmt.Sprint(b.validity, "/", u)].marked = true
		b.settings.LastUID = max(b.settings.LastUID, u)
	}
	return nil
}

func (b *box) Known(_ context.Context, _ string, validity uint32, uids []uint32) (map[uint32]bool, error) {
	out := map[uint32]bool{}
	for _, u := range uids {
		if f := b.ledger[fmt.Sprint(validity, "/", u)]; f != nil && f.marked && f.Fate.Fate != "" {
			out[u] = true
		}
	}
	return out, nil
}

func (b *box) Seen(_ context.Context, _, state, problem string) error {
	b.states = append(b.states, state+problem)
	return nil
}

func (b *box) Again(context.Context, string) ([]ticket.Received, error) {
	var out []ticket.Received
	for _, m := range b.kept {
		if f := b.line(m); f != nil && f.Fate.Fate == "" {
			out = append(out, m)
		}
	}
	return out, nil
}

func (b *box) Refused(_ context.Context, _ string, _ int, problem string) (int, error) {
	b.refused++
	b.states = append(b.states, "refused"+problem)
	return b.refused, nil
}

func (b *box) Copies(context.Context, string) ([]ticket.Copy, error) { return b.copies, nil }

func (b *box) Source(_ context.Context, delivery string) ([]byte, error) {
	return []byte("bytes of " + delivery), nil
}

func (b *box) Copied(_ context.Context, delivery string) error {
	b.did("copied %s", delivery)
	b.copies = nil
	return nil
}

func (b *box) Unknown(_ context.Context, _ string, validity uint32, uids []uint32) (missing, unsettled []uint32, err error) {
	for _, u := range uids {
		switch f := b.ledger[fmt.Sprint(validity, "/", u)]; {
		case f == nil:
			missing = append(missing, u)
		case f.Fate.Fate == "":
			unsettled = append(unsettled, u)
		}
	}
	return missing, unsettled, nil
}

func (b *box) MailboxVersion(context.Context, string) (int, error) { return b.version, nil }

func (b *box) Suspect(_ context.Context, _ string, validity uint32, uids []uint32) error {
	for _, u := range uids {
		key := fmt.Sprint(validity, "/", u)
		if b.ledger[key] == nil {
			b.ledger[key] = &fate{Fate: ticket.Fate{Received: ticket.Received{UIDValidity: validity, UID: u}}, suspect: true}
		}
	}
	return nil
}

func (b *box) Unfetched(_ context.Context, _ string, validity, uid uint32) (int, error) {
	f := b.ledger[fmt.Sprint(validity, "/", uid)]
	if !f.suspect {
		return 0, nil
	}
	f.attempts++
	return f.attempts, nil
}

func (b *box) Suspects(_ context.Context, _ string, validity uint32) ([]uint32, error) {
	var found []*fate
	for _, f := range b.ledger {
		if f.UIDValidity == validity && f.suspect {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(x, y *fate) int { return cmp.Or(x.attempts-y.attempts, int(x.UID)-int(y.UID)) })
	out := make([]uint32, len(found))
	for i, f := range found {
		out[i] = f.UID
	}
	return out, nil
}

func (b *box) SetApart(_ context.Context, _ string, validity, uid uint32, what, because string) error {
	f := b.ledger[fmt.Sprint(validity, "/", uid)]
	f.Fate.Fate, f.Evidence, f.marked, f.suspect = what, map[string]any{"because": because}, true, false
	return nil
}

func (b *box) Open(context.Context, ticket.Account, string) (Box, error) {
	b.broken = false
	return server{b}, b.open
}

func (b *box) Ring(_ context.Context, _ ticket.Number, _ string, r ticket.Ring) error {
	b.did("ring")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rung = append(b.rung, r)
	return errors.New("Temporal is away")
}

func (b *box) StartDelivery(context.Context, string) error { return nil }

// server is the IMAP side of a box.
type server struct{ b *box }

func (s server) Folder() (uint32, uint32) {
	next := uint32(1)
	for u := range s.b.mails {
		next = max(next, u+1)
	}
	return s.b.validity, next
}

func (s server) UIDs(_ context.Context, from uint32) ([]uint32, error) {
	s.b.listed = append(s.b.listed, from)
	var out []uint32
	for u := range s.b.mails {
		if u >= from {
			out = append(out, u)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (s server) Fetch(_ context.Context, uids []uint32, fn func(uint32, []byte) error) error {
	for _, u := range uids {
		if s.b.broken = s.b.broken || s.b.kills[u]; s.b.broken {
			return fmt.Errorf("fetch: %w: connection lost", ErrUnfetched)
		}
		if _, lies := s.b.mails[u]; !lies || s.b.hidden[u] {
			continue
		}
		if err := fn(u, []byte(s.b.mails[u])); err != nil {
			return err
		}
	}
	return nil
}

func (s server) Mark(_ context.Context, uids []uint32) error {
	for _, uid := range uids {
		if err := s.b.unmarked[uid]; err != nil {
			return err
		}
	}
	s.b.did("mark %v", uids)
	return nil
}

func (s server) File(_ context.Context, uid uint32, after ticket.After) error {
	s.b.did("%s %d %s", after.Mode, uid, after.Folder)
	return nil
}

func (s server) Copy(_ context.Context, folder, mailID string, raw []byte) error {
	s.b.did("copy %s to %s: %s", mailID, folder, raw)
	return nil
}

func (s server) Wait(context.Context, time.Duration) error {
	if len(s.b.waits) == 0 {
		return errEnd
	}
	next := s.b.waits[0]
	s.b.waits = s.b.waits[1:]
	next()
	return nil
}

func (s server) Close() error { s.b.did("closed"); return nil }

// errEnd ends a watch after its last look, as a lost connection would.
var errEnd = errors.New("the connection was lost")

// watch runs the activity until the connection is lost after the last wait.
func (b *box) watch(t *testing.T) {
	t.Helper()
	require.ErrorContains(t, b.run(), TypeAway)
	require.Equal(t, "failed"+errEnd.Error(), b.states[len(b.states)-1])
}

func (b *box) run() error {
	hands := &Mailboxes{Intake: b, Post: b, Bell: b, Keys: keys, Log: slog.New(slog.DiscardHandler), WatchFor: time.Hour, Now: time.Now}
	_, err := run(hands.Watch, NameWatch, "m1")
	return err
}
