package api

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// counting counts what is read.
type counting struct {
	Reader
	tickets atomic.Int32
}

func (r *counting) Ticket(ctx context.Context, n ticket.Number) (ticket.Record, error) {
	r.tickets.Add(1)
	return r.Reader.Ticket(ctx, n)
}

type countingIdentity struct {
	Identity
	sessions atomic.Int32
}

func (i *countingIdentity) BySession(ctx context.Context, hash []byte, now, idle time.Time) (Holder, Session, error) {
	i.sessions.Add(1)
	return i.Identity.BySession(ctx, hash, now, idle)
}

type countingPeople struct {
	People
	lists atomic.Int32
}

func (p *countingPeople) Agents(ctx context.Context) ([]Person, error) {
	p.lists.Add(1)
	return p.People.Agents(ctx)
}

// A page asks a dozen operations for one ticket. Who asks, and the ticket, are read once; the names that it refers to
// are not read again for the next ticket, unless they have changed.
func TestAPageReadsThingsOnce(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := f.options()
	reader, identity, people := &counting{Reader: o.Reader}, &countingIdentity{Identity: o.Identity}, &countingPeople{People: o.People}
	o.Reader, o.Identity, o.People = reader, identity, people
	door := New(o)
	cookie, _ := f.signIn(t, door, "sato")
	page := func(method, target, body string) string {
		identity.sessions.Store(0)
		reader.tickets.Store(0)
		r := call(t, door, "", method, target, body, "Cookie", cookie, "Hx-Request", "true", "Content-Type", "application/x-www-form-urlencoded")
		r.is(t, 200)
		return string(r.raw)
	}
	require.Contains(t, page("GET", "/-/tickets/1043?view=all", ""), `data-act="keep"`)
	require.EqualValues(t, 1, identity.sessions.Load())
	require.EqualValues(t, 1, reader.tickets.Load())
	page("GET", "/-/tickets/1042?view=all", "")
	require.EqualValues(t, 1, people.lists.Load(), "the staff are known from the ticket before")

	// What changes something is not answered from what was read before it.
	done := page("POST", "/tickets/1043/do/keep?view=all", "id=kept-1")
	require.NotContains(t, done, `data-act="keep"`)
	require.Contains(t, done, `class="owner"`)

	call(t, door, bootstrap, "PATCH", "/api/v1/agents/sato", `{"name":"Renamed"}`).is(t, 200)
	require.Contains(t, page("GET", "/-/tickets/1043?view=all", ""), "Renamed", "a change shows at once")
	require.EqualValues(t, 2, people.lists.Load())
}

// One who was shut out in the middle of a page is out at the next.
func TestWhatIsKnownEndsWithThePage(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, _ := f.signIn(t, door, "sato")
	call(t, door, "", "GET", "/-/tickets/1043?view=all", "", "Cookie", cookie, "Hx-Request", "true").is(t, 200)
	call(t, door, "", "DELETE", "/api/v1/session", "", "Cookie", cookie).is(t, 204)
	call(t, door, "", "GET", "/-/tickets/1043?view=all", "", "Cookie", cookie, "Hx-Request", "true").is(t, 401)
}
