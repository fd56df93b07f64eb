package api

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

func ticketPath(n ticket.Number) string { return "/api/v1/tickets/" + strconv.FormatInt(int64(n), 10) }

// ticket as JSON: what is absent is null, never left out.
func (s *server) ticket(c *gin.Context, r ticket.Record, b *buttons) openapi.Ticket {
	p := r.Process
	out := openapi.Ticket{
		Number: int64(p.Number), Title: r.Title, Desk: p.Desk, State: openapi.State(shownState(p.State)), Category: some(p.Category.String()),
		Owner: some(p.Owner), Group: some(p.Group), Tier: max(p.Tier, 1), Priority: openapi.Priority(shownPriority(p.Priority)), Type: r.Type,
		Channel: openapi.Channel(p.Channel.String()), Language: r.Language, ReceptionType: some(r.ReceptionType),
		Tags: list(r.Tags), Fields: r.Fields, Client: clientOf(r.Client), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		ResolvedAt: instant(r.ResolvedAt), ClosesAt: instant(r.ClosesAt), DueAt: instant(r.DueAt), Breached: p.Breached,
		Solution: some(r.Solution), HandOver: handOver(p.Child), Clocks: clocks(p.Clocks), LastMessage: last(r.Last), Links: links(r.Links), Revision: p.Revision,
		WorkflowId: ticket.WorkflowID(p.Number), Allowed: b.of(r),
	}
	if p.Survivor != 0 && p.State == ticket.Merged {
		out.MergedInto = ptr(int64(p.Survivor))
	}
	if r.Conversation != nil {
		out.Conversation = &openapi.Conversation{Channel: r.Conversation.Channel, Id: r.Conversation.ID}
	}
	if p.Hold != ticket.NoHold {
		out.Hold = &openapi.Holding{Reason: openapi.HoldReason(p.Hold.String()), Until: instant(r.HoldUntil)}
	}
	if out.Fields == nil {
		out.Fields = map[string]any{}
	}
	if s.TemporalUIURL != "" {
		out.TemporalUrl = ptr(s.TemporalUIURL + "/namespaces/" + s.Namespace + "/workflows/" + out.WorkflowId)
	}
	if who := askerOf(c); who.isClient() {
		return s.withLeft(c, forClient(out, who, r), who, r)
	}
	return out
}

// shownState calls a ticket new whose first command is stored but not applied yet.
func shownState(s ticket.State) string {
	if s == ticket.NoState {
		s = ticket.New
	}
	return s.String()
}

func shownPriority(p ticket.Priority) string {
	if p == ticket.NoPriority {
		p = ticket.Normal
	}
	return p.String()
}

func clientOf(c ticket.Client) openapi.Client {
	out := openapi.Client{
		Id: some(c.ID), Name: some(c.Name), Email: some(c.Email), Phone: some(c.Phone), Number: some(c.Number),
		Access: openapi.ClientAccess(c.Access),
	}
	if c.Access == "" {
		out.Access = openapi.ClientAccessNone
	}
	return out
}

func clocks(in []ticket.Clock) []openapi.Clock {
	out := make([]openapi.Clock, len(in))
	for i, k := range in {
		out[i] = clock(k)
	}
	return out
}

func clock(k ticket.Clock) openapi.Clock {
	return openapi.Clock{
		Id: k.ID, Kind: openapi.ClockKind(k.Kind.String()), State: openapi.ClockState(k.State.String()),
		DueAt: instant(&k.Due), MetAt: instant(&k.Met), WarnAt: instant(&k.Warn), UsedMinutes: minutes(k.Used),
	}
}

// minutes are whole ones, as every span in the API.
func minutes(d time.Duration) int64 { return int64(d / time.Minute) }

func handOver(c ticket.Child) *openapi.HandOver {
	if c.Number == 0 {
		return nil
	}
	return &openapi.HandOver{Number: int64(c.Number), Outcome: some(c.Outcome.String())}
}

func last(m *ticket.LastMessage) *openapi.LastMessage {
	if m == nil {
		return nil
	}
	return &openapi.LastMessage{
		By: openapi.LastMessageBy(m.By.String()), Name: m.Name, Kind: openapi.LastMessageKind(m.Kind), At: m.At.UTC(), Excerpt: m.Excerpt,
	}
}

func links(in []ticket.Link) []openapi.Link {
	out := make([]openapi.Link, len(in))
	for i, l := range in {
		out[i] = openapi.Link{Kind: openapi.LinkKind(l.Kind), Number: int64(l.Number)}
	}
	return out
}

func instant(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// list is never null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
