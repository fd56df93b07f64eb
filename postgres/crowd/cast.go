package crowd

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"duradesk/postgres"
	"duradesk/ticket"
)

// cast makes rows. What belongs to a ticket comes from its number alone, what is said in the order of the rows: begin
// starts the talk anew.
type cast struct {
	Options
	titles, bodies, names *speech
}

func (c *cast) begin() {
	c.titles, c.bodies, c.names = newSpeech(c.Seed+1), newSpeech(c.Seed+2), newSpeech(c.Seed+3)
}

// FirstNumber is that of the crowd's first ticket.
const FirstNumber = 1001

func clientID(n int) string   { return fmt.Sprintf("c_crowd%d", n) }
func clientMail(n int) string { return fmt.Sprintf("client%d@crowd%d.example", n, n%97) }

func (c *cast) client(n int) []any {
	return []any{clientID(n), c.names.name(), clientMail(n), clientNumber(n), c.Until.Add(-step * time.Duration(c.Tickets))}
}

func clientNumber(n int) string { return fmt.Sprintf("K-%05d", n) }

// identity makes two for each client: his address and his number.
func (c *cast) identity(n int) []any {
	if of := (n + 1) / 2; n%2 == 0 {
		return []any{"number", strings.ToLower(clientNumber(of)), clientID(of)}
	}
	return []any{"mail", clientMail((n + 1) / 2), clientID((n + 1) / 2)}
}

func (c *cast) clientWords(n int) []any {
	return []any{clientID(n), postgres.ClientWords(c.names.name(), clientMail(n), clientNumber(n))}
}

var ticketColumns = []string{
	"number", "id", "desk", "title", "client", "channel", "language", "type", "reception_type", "tags", "last_at", "process", "revision", "state", "category", "owner", "group_key",
	"priority", "breached", "failed", "next_due_at", "due_at", "created_at", "updated_at", "resolved_at", "closed_at", "client_spoke_last", "waiting_since", "items", "seq",
	"applied_seq", "last_by", "last_name", "last_kind", "last_at_message", "last_excerpt", "reply_token",
}

// traits are what is to be known of a ticket from its number.
type traits struct {
	state            ticket.State
	category         ticket.Category
	language         string
	channel          ticket.Channel
	kind             string
	owner            string
	client           int
	priority         ticket.Priority
	created, updated time.Time
}

func (c *cast) traits(n int) traits {
	r := rand.New(rand.NewPCG(c.Seed, uint64(n)))
	t := traits{
		client: 1 + r.IntN(c.Clients), language: []string{"ja", "ja", "en"}[n%3], priority: ticket.Priority(1 + []int{0, 1, 1, 1, 1, 1, 2, 2, 3, 1}[r.IntN(10)]),
		channel: []ticket.Channel{ticket.ChannelMail, ticket.ChannelMail, ticket.ChannelMail, ticket.ChannelPortal, ticket.ChannelPhone}[r.IntN(5)],
		kind:    []string{"question", "question", "request", "problem"}[r.IntN(4)],
	}
	t.created = c.Until.Add(-step * time.Duration(c.Tickets-n+1))
	t.updated = t.created.Add(time.Duration(r.Int64N(int64(48 * time.Hour))))
	if t.updated.After(c.Until) {
		t.updated = c.Until
	}
	if r.IntN(2000) == 0 {
		t.channel = ticket.ChannelChat
	}
	back := c.Tickets - n // how many came later
	switch {
	case n%25 == 0:
		t.state, t.category = ticket.Spam, ticket.CategorySpam
	case n%1001 == 0:
		t.state = ticket.HandedOver
	case n%40 == 0:
		t.state = ticket.ResolvedInternally
		t.category = ticket.CategoryOther
	case back < c.Tickets/200:
		t.state = ticket.New
	case back < c.Tickets/30:
		t.state = ticket.Open
	case back < c.Tickets/20:
		t.state = ticket.OnHold
	case back < c.Tickets/8:
		t.state = ticket.Resolved
	default:
		t.state = ticket.Closed
	}
	if t.state != ticket.New && t.state != ticket.Spam {
		t.owner = AgentKey(1 + r.IntN(c.Agents))
	}
	return t
}

func (c *cast) ticket(n int) []any {
	t := c.traits(n)
	number := ticket.Number(FirstNumber + n - 1)
	due, clocks := c.clock(n, t.state)
	p := ticket.Process{
		Number: number, Ticket: c.id(n, 0).String(), Desk: c.Desk, State: t.state, Category: t.category, Owner: t.owner, Group: c.Desk, Tier: 1,
		Priority: t.priority, Channel: t.channel, Revision: int64(c.Messages), Seq: int64(c.Messages), Policy: 1, Calendar: 1, Clocks: clocks,
		Opened: t.created,
	}
	if t.state == ticket.Resolved || t.state == ticket.Closed {
		p.Resolved = t.updated
	}
	if t.state == ticket.Closed {
		p.Closed = t.updated
	}
	process, err := json.Marshal(p)
	if err != nil {
		panic(err) // plain values only
	}
	live := t.state.Live()
	spoke := live && waits(n)
	last, name := "agent", "Agent"
	if spoke {
		last, name = "client", "Client"
	}
	return []any{
		int64(number), c.id(n, 0), c.Desk, c.titles.title(t.language), clientID(t.client), t.channel.String(), t.language, t.kind, reception(n), tags(n), t.updated, process,
		int64(c.Messages), t.state.String(), t.category.String(), null(t.owner), c.Desk, int16(t.priority), live && n%20 == 1, n%5000 == 1, when(len(clocks) > 0, due),
		when(live && t.state != ticket.OnHold && t.state != ticket.HandedOver, due), t.created, t.updated, when(!live && t.state != ticket.Spam, t.updated), when(t.state == ticket.Closed, t.updated),
		spoke, when(spoke, t.updated), int64(c.Messages), int64(c.Messages), int64(c.Messages), last, name, "public", t.updated, "…", fmt.Sprintf("crowd%d", n),
	}
}

// clock is the one that runs for a ticket in its state: due within the next ten days, so that a desk that is started on a
// crowd has timers to set and none that was lost.
func (c *cast) clock(n int, state ticket.State) (due time.Time, clocks []ticket.Clock) {
	kinds := map[ticket.State]ticket.ClockKind{
		ticket.New: ticket.FirstResponse, ticket.Open: ticket.NextResponse, ticket.OnHold: ticket.Wake, ticket.HandedOver: ticket.HandOver, ticket.Resolved: ticket.AutoClose,
	}
	kind, runs := kinds[state]
	if !runs {
		return due, nil
	}
	due = c.Until.Add(time.Duration(1+n*7919%2000) * 7 * time.Minute).Truncate(time.Microsecond)
	return due, []ticket.Clock{{ID: kind.String(), Kind: kind, State: ticket.Running, Due: due, Generation: 1}}
}

func reception(n int) any {
	if n%10 == 0 {
		return []string{"返品", "Repairs", "契約"}[n/10%3]
	}
	return nil
}

func tags(n int) []string {
	switch {
	case n%500 == 1:
		return []string{"vip"}
	case n%9 == 0:
		return []string{"billing"}
	}
	return []string{}
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func when(yes bool, t time.Time) any {
	if yes {
		return t
	}
	return nil
}

// id is a UUID v7 of a ticket (part 0) or of one of its messages.
func (c *cast) id(n, part int) uuid.UUID {
	var id uuid.UUID
	at := c.Until.Add(-step * time.Duration(c.Tickets-n+1)).UnixMilli()
	binary.BigEndian.PutUint64(id[:8], uint64(at)<<16|0x7000|uint64(part)) // instants of our time
	binary.BigEndian.PutUint64(id[8:], uint64(n)|1<<63)                    // counted from 1
	return id
}

// byClient tells who says a message: client and agent in turn, and the client last in every third ticket.
func (c *cast) byClient(n, part int) bool {
	return part%2 == 1 && part < c.Messages || part == c.Messages && waits(n) || part == 1
}

func waits(n int) bool { return n%3 == 0 }

// line is the place of the n-th message of all: ticket and message, both from 1.
func (c *cast) line(n int) (of, part int) { return 1 + (n-1)/c.Messages, 1 + (n-1)%c.Messages }

func (c *cast) said(n int) (of, part int, body string) {
	of, part = c.line(n)
	language := []string{"ja", "ja", "en"}[of%3]
	return of, part, c.bodies.say(language, 15+c.bodies.r.IntN(60))
}

func (c *cast) message(n int) []any {
	of, part, body := c.said(n)
	t := c.traits(of)
	kind, by, name := "agent", t.owner, "Agent"
	if c.byClient(of, part) {
		kind, by, name = "client", clientID(t.client), "Client"
	}
	return []any{c.id(of, part), int64(FirstNumber + of - 1), part%6 == 5, kind, by, name, body, t.created.Add(time.Duration(part) * time.Minute), true}
}

func (c *cast) event(n int) []any {
	of, part := c.line(n)
	t := c.traits(of)
	what, kind := "message", "agent"
	if c.byClient(of, part) {
		kind = "client"
	}
	if part%6 == 5 {
		what = "note"
	}
	return []any{int64(FirstNumber + of - 1), int64(part), int64(part), int64(part), t.created.Add(time.Duration(part) * time.Minute), what, "kept", kind, "", "", c.id(of, part)}
}

func (c *cast) titleWords(n int) []any {
	t := c.traits(n)
	label, _ := reception(n).(string)
	return []any{fmt.Sprint(FirstNumber + n - 1), postgres.TitleWords(c.titles.title(t.language), t.channel.String(), t.language, t.kind, label)}
}

func (c *cast) messageWords(n int) []any {
	of, part, body := c.said(n)
	return []any{c.id(of, part).String(), postgres.MessageWords(body)}
}
