package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

var (
	channels   = []ticket.Channel{ticket.ChannelMail, ticket.ChannelPortal, ticket.ChannelPhone, ticket.ChannelChat, ticket.ChannelExternal}
	priorities = []ticket.Priority{ticket.Low, ticket.Normal, ticket.High, ticket.Urgent}
	types      = []string{"question", "request", "incident", "problem", "complaint"}
)

const maxFields = 64 << 10 // bytes of a ticket's own fields

// CreateTicket opens a ticket for a client: the first command of its life.
func (s *server) CreateTicket(c *gin.Context, _ openapi.CreateTicketParams) {
	who := askerOf(c)
	if !lifecycle.May(who.actor(), ticket.Create) {
		s.fail(c, forbiddenCommand(ticket.Create, who))
		return
	}
	s.open(c, who, s.opening)
}

// open carries out the command that read makes of the body, which opens a ticket.
func (s *server) open(c *gin.Context, who asker, read func(context.Context, asker, map[string]any) (ticket.Order, []fault, error)) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	order, faults, err := read(ctx, who, body)
	done()
	if err != nil {
		s.told(c, err)
		return
	}
	if s.rejected(c, order, body, faults) {
		return
	}
	s.carryOut(c, order, nil)
}

func (s *server) opening(ctx context.Context, who asker, body map[string]any) (ticket.Order, []fault, error) {
	o := newObject(body)
	order := s.newOrder(who, ticket.Create, 0, o, body)
	h := &hand{s: s, ctx: ctx, who: who}
	open := &ticket.Opening{
		Desk:          h.desk(o),
		Title:         o.text("title", titleRule.must()),
		Client:        readClient(o),
		Type:          o.word("type", false, types),
		Language:      o.text("language", languageRule),
		ReceptionType: o.text("reception_type", receptionRule),
		Tags:          readTags(o, "tags"),
		Fields:        readFields(o),
	}
	open.Channel, _ = named(o, "channel", true, channels)
	open.Priority, _ = named(o, "priority", false, priorities)
	h.rec.Process.Desk = open.Desk // where the owner must be at home
	order.Params.Create = &ticket.CreateParams{Group: h.group(o, "group"), Owner: h.owner(o, "owner")}
	order.Params.Create.Impact, _ = named(o, "impact", false, ticket.Levels())
	order.Params.Create.Urgency, _ = named(o, "urgency", false, ticket.Levels())
	for one, other := range map[string]string{"impact": "urgency", "urgency": "impact"} {
		if o.fields[one] != nil && o.fields[other] == nil {
			o.blame(one, "needs_other", map[string]string{"other": other}) // alone it would say nothing
		}
	}
	order.Message = o.message(false, ticket.By{Kind: ticket.ActorClient, ID: open.Client.ID, Name: open.Client.Name})
	if h.err == nil {
		h.err = s.uploads(ctx, who, o, order.Message)
	}
	h.withinLimits(o, open.Desk, order.Message)
	h.form(o, open.Desk, open.ReceptionType, open.Fields, nil)
	o.done()
	fillIn(open, order.Message)
	order.Opening = open
	return order, *o.faults, h.err
}

// fillIn sets what was left out.
func fillIn(open *ticket.Opening, said *ticket.NewMessage) {
	if open.Priority == ticket.NoPriority {
		open.Priority = ticket.Normal
	}
	if open.Type == "" {
		open.Type = types[0]
	}
	if open.Language == "" {
		open.Language = "en"
		if japanese(open.Title) || said != nil && japanese(said.Body) {
			open.Language = "ja"
		}
	}
}

// japanese reports kana or kanji.
func japanese(text string) bool {
	for _, r := range text {
		if unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) {
			return true
		}
	}
	return false
}

// readClient reads who asks: at least one thing must be known of him.
func readClient(o *object) ticket.Client {
	p := o.inside("client", true)
	if p == nil {
		return ticket.Client{}
	}
	out := ticket.Client{
		ID:     p.text("id", rule{min: 1, max: 100}),
		Name:   p.text("name", rule{min: 1, max: 200, line: true}),
		Email:  p.text("email", emailRule),
		Phone:  p.text("phone", rule{min: 1, max: 50, line: true}),
		Number: p.text("number", rule{min: 1, max: 100, line: true}),
		Access: "none",
	}
	p.done()
	if len(p.fields) == 0 {
		*o.faults = append(*o.faults, fault{pointer: p.at, code: "nothing"})
	}
	return out
}

func readTags(o *object, name string) []string {
	return slices.Compact(sorted(o.texts(name, 50, rule{min: 1, max: 50, line: true})))
}

// readFields takes the ticket's own fields as they are, within bounds.
func readFields(o *object) map[string]any {
	f := o.inside("fields", false)
	if f == nil {
		return map[string]any{}
	}
	raw, err := json.Marshal(f.fields)
	switch {
	case err != nil || len(raw) > maxFields:
		o.blame("fields", "too_big", map[string]string{"max": "64 KB"})
	case len(f.fields) > 100:
		o.blame("fields", "too_many", map[string]string{"max": "100"})
	}
	f.blameRounded(f.at, f.fields)
	return f.fields
}

// mostWhole is the greatest whole number up to which a double holds each (RFC 8259 §6).
const mostWhole = 1 << 53

// blameRounded blames whole numbers that a double rounds: whoever reads the ticket would read another one.
func (o *object) blameRounded(at string, v any) {
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if !strings.ContainsAny(v.String(), ".eE") && (err != nil || n > mostWhole || n < -mostWhole) {
			*o.faults = append(*o.faults, fault{pointer: at, code: "number_as_text", args: map[string]string{"max": strconv.Itoa(mostWhole)}})
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			o.blameRounded(at+"/"+escapePointer(key), v[key])
		}
	case []any:
		for i, one := range v {
			o.blameRounded(at+"/"+itoa(i), one)
		}
	}
}

// desk reads the key of a desk that is there for the asker.
func (h *hand) desk(o *object) string {
	key := o.text("desk", keyRule.must())
	if key == "" || h.err != nil {
		return ""
	}
	desks, err := h.s.House.Desks(h.ctx)
	if err != nil {
		h.err = err
		return ""
	}
	if !h.who.sees(key) || !slices.ContainsFunc(desks, func(d Desk) bool { return d.Key == key }) {
		o.blameWorld("desk", "unknown_desk", map[string]string{"key": key})
	}
	return key
}
