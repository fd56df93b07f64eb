package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/ticket"
)

// fakePeople and fakeHouse are the same desk behind the other two ports.
type (
	fakePeople fake
	fakeHouse  fake
)

func (f *fakePeople) Agent(_ context.Context, key string) (Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.people[key]
	if f.away != nil {
		return Person{}, f.away
	}
	if !ok {
		return Person{}, none("agent")
	}
	return p, nil
}

func (f *fakePeople) Agents(context.Context) ([]Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Person
	for _, p := range f.people {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Person) int { return int(b.Role) - int(a.Role) })
	return out, f.away
}

func (f *fakePeople) AddAgent(ctx context.Context, p Person, hash string) (Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	if _, taken := f.people[p.Key]; taken {
		return Person{}, &ticket.Error{Code: ticket.Conflict, Message: "an agent with the key " + p.Key + " is there already"}
	}
	f.people[p.Key], f.passwords[p.Key] = p, hash
	return p, f.away
}

func (f *fakePeople) AddToken(ctx context.Context, t Token, hash []byte) (Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	f.tokens[string(hash)] = t
	return t, f.away
}

func (f *fakePeople) ByToken(_ context.Context, hash []byte, now time.Time) (Holder, Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return Holder{}, Token{}, f.away
	}
	t, ok := f.tokens[string(hash)]
	if !ok || t.ExpiresAt != nil && !t.ExpiresAt.After(now) {
		return Holder{}, Token{}, none("token")
	}
	if t.Client != "" && f.clients[t.Client].Access == "none" {
		return Holder{}, Token{}, none("token")
	}
	return f.holder(t.Agent, t.Client), t, nil
}

func (f *fakePeople) Tokens(_ context.Context, agent string) ([]Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Token
	for _, t := range f.tokens {
		if t.Agent == agent || t.Client == agent {
			out = append(out, t)
		}
	}
	return out, f.away
}

func (f *fakePeople) DropToken(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	for hash, t := range f.tokens {
		if t.ID == id {
			delete(f.tokens, hash)
			return f.away
		}
	}
	return none("token")
}

func (f *fakeHouse) Desks(context.Context) ([]Desk, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.desks), f.away
}

func (f *fakeHouse) AddDesk(_ context.Context, d Desk) (Desk, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.ContainsFunc(f.desks, func(o Desk) bool { return o.Key == d.Key }) {
		return Desk{}, &ticket.Error{Code: ticket.Conflict, Message: "taken"}
	}
	f.desks = append(f.desks, d)
	return d, f.away
}

func (f *fakeHouse) Groups(context.Context) ([]Group, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.groups), f.away
}

func (f *fakeHouse) AddGroup(ctx context.Context, g Group) (Group, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.ContainsFunc(f.groups, func(o Group) bool { return o.Key == g.Key }) {
		return Group{}, &ticket.Error{Code: ticket.Conflict, Message: "taken"}
	}
	noted(ctx, &f.audit)
	f.groups = append(f.groups, g)
	return g, f.away
}

func (f *fakeHouse) Mailboxes(context.Context) ([]Mailbox, error) { return f.boxes, f.away }

func (f *fakeHouse) Ledger(_ context.Context, mailbox string, quarantine bool, cursor string, limit int) ([]Fate, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := 0
	if cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 0 {
			return nil, "", &ticket.Error{Code: ticket.Invalid, Message: "not a cursor"}
		}
		from = n
	}
	var all []Fate
	for _, l := range f.ledger {
		if (mailbox == "" || l.Mailbox == mailbox) && (!quarantine || l.Fate == "quarantined") {
			all = append(all, l)
		}
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	next := ""
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, f.away
}

func (f *fakeHouse) find(mailbox string, validity, uid uint32) (*Fate, error) {
	for i, l := range f.ledger {
		if l.Mailbox == mailbox && l.UIDValidity == validity && l.UID == uid {
			return &f.ledger[i], f.away
		}
	}
	return nil, cmp.Or[error](f.away, &ticket.Error{Code: ticket.NotFound, Message: "no such mail"})
}

func (f *fakeHouse) FateSource(_ context.Context, mailbox string, validity, uid uint32) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.find(mailbox, validity, uid)
	return []byte("From: a@client.example\r\n\r\nx\r\n"), err
}

func (f *fakeHouse) Retry(_ context.Context, mailbox string, validity, uid uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, err := f.find(mailbox, validity, uid)
	if err == nil && l.Fate != "quarantined" {
		return &ticket.Error{Code: ticket.Conflict, Message: "this mail is not in the quarantine"}
	}
	if err == nil {
		l.Fate = "received"
	}
	return err
}

func (f *fakePeople) Notices(_ context.Context, agent string, before int64, limit int) ([]Notice, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Notice
	for _, n := range f.notices[agent] {
		if (before == 0 || n.ID < before) && len(out) < limit {
			out = append(out, n)
		}
	}
	return out, f.away
}

func (f *fakePeople) ReadNotices(_ context.Context, agent string, upTo int64, at time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, n := range f.notices[agent] {
		if n.ID <= upTo && n.ReadAt == nil {
			f.notices[agent][i].ReadAt = &at
		}
	}
	return f.away
}

func (f *fakeHouse) Calendars(context.Context) ([]calendar.Spec, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	newest := map[string]calendar.Spec{}
	for _, s := range f.specs {
		newest[s.Key] = s
	}
	var out []calendar.Spec
	for _, key := range slices.Sorted(maps.Keys(newest)) {
		out = append(out, newest[key])
	}
	return out, f.away
}

func (f *fakeHouse) AddCalendar(_ context.Context, spec calendar.Spec) (calendar.Spec, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.specs {
		if s.Key == spec.Key {
			spec.Version = s.Version
		}
	}
	spec.Version++
	f.specs = append(f.specs, spec)
	return spec, f.away
}

func (f *fakeHouse) Policy(_ context.Context, desk string) (ticket.Settings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.policies[desk]; ok {
		return p, f.away
	}
	return ticket.DefaultSettings(), f.away
}

func (f *fakeHouse) AddPolicy(ctx context.Context, desk string, s ticket.Settings) (ticket.Settings, error) {
	before, err := f.Policy(ctx, desk)
	f.mu.Lock()
	defer f.mu.Unlock()
	s.Version = before.Version + 1
	f.policies[desk] = s
	return s, err
}

func (f *fakePeople) ChangeAgent(ctx context.Context, p Person) (Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	if p.Disabled != nil {
		maps.DeleteFunc(f.tokens, func(_ string, t Token) bool { return t.Agent == p.Key })
	}
	f.people[p.Key] = p
	return p, f.away
}

func (f *fakePeople) DropAgent(ctx context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	if _, ok := f.people[key]; !ok {
		return none("agent")
	}
	delete(f.people, key)
	return f.away
}

func (f *fakePeople) OpenTickets(_ context.Context, agent string) ([]ticket.Number, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []ticket.Number
	for _, n := range (*fake)(f).numbers() {
		if p := f.tickets[n].Process; p.Owner == agent && p.State.Live() {
			out = append(out, n)
		}
	}
	return out, f.away
}

func (f *fakeHouse) ChangeDesk(_ context.Context, d Desk) (Desk, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, before := range f.desks {
		if before.Key != d.Key {
			continue
		}
		if before.Revision != d.Revision {
			return Desk{}, &ticket.Error{Code: ticket.Conflict, Key: "changed_meanwhile", Message: "changed meanwhile"}
		}
		d.Revision++
		if !reflect.DeepEqual(d.Settings, before.Settings) {
			d.Settings.Version = before.Settings.Version + 1
		}
		f.desks[i] = d
		return d, f.away
	}
	return Desk{}, none("desk")
}

func (f *fakeHouse) DropDesk(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.desks, func(d Desk) bool { return d.Key == key }) {
		return none("desk")
	}
	f.desks = slices.DeleteFunc(f.desks, func(d Desk) bool { return d.Key == key })
	return f.away
}

func (f *fakeHouse) ChangeGroup(_ context.Context, g Group) (Group, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.groups {
		if f.groups[i].Key == g.Key {
			f.groups[i] = g
			return g, f.away
		}
	}
	return Group{}, none("group")
}

func (f *fakeHouse) DropGroup(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.groups, func(g Group) bool { return g.Key == key }) {
		return none("group")
	}
	f.groups = slices.DeleteFunc(f.groups, func(g Group) bool { return g.Key == key })
	return f.away
}

func (f *fakeHouse) Pieces(_ context.Context, kind string) ([]Piece, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Piece
	for _, p := range f.pieces {
		if p.Kind == kind {
			out = append(out, p)
		}
	}
	return out, f.away
}

func (f *fakeHouse) PutPiece(_ context.Context, p Piece) (Piece, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.pieces, func(o Piece) bool { return o.Kind == p.Kind && o.Desk == p.Desk && o.Key == p.Key })
	switch {
	case p.Revision == 0 && at >= 0:
		return Piece{}, &ticket.Error{Code: ticket.Conflict, Message: "taken"}
	case p.Revision > 0 && (at < 0 || f.pieces[at].Revision != p.Revision):
		return Piece{}, &ticket.Error{Code: ticket.Conflict, Key: "changed_meanwhile", Message: "changed meanwhile"}
	}
	p.Revision++
	if at < 0 {
		f.pieces = append(f.pieces, p)
	} else {
		f.pieces[at] = p
	}
	return p, f.away
}

func (f *fakeHouse) DropPiece(_ context.Context, kind, desk, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pieces = slices.DeleteFunc(f.pieces, func(o Piece) bool { return o.Kind == kind && o.Desk == desk && o.Key == key })
	return f.away
}

func (f *fakeHouse) ForbiddenWords(context.Context) ([]ForbiddenWord, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.words), f.away
}

func (f *fakeHouse) PutForbiddenWord(_ context.Context, w ForbiddenWord, _ string) (ForbiddenWord, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.words {
		if f.words[i].ID == w.ID {
			f.words[i] = w
			return w, f.away
		}
		if f.words[i].Word == w.Word && f.words[i].Desk == w.Desk {
			return ForbiddenWord{}, &ticket.Error{Code: ticket.Conflict, Message: "taken"}
		}
	}
	w.ID = "word-" + strconv.Itoa(len(f.words)+1)
	f.words = append(f.words, w)
	return w, f.away
}

func (f *fakeHouse) DropForbiddenWord(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.words = slices.DeleteFunc(f.words, func(w ForbiddenWord) bool { return w.ID == id })
	return f.away
}

// piece puts one there.
func (f *fake) piece(t *testing.T, kind, desk, key string, body any) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	f.pieces = append(f.pieces, Piece{Kind: kind, Desk: desk, Key: key, Body: raw, Revision: 1})
}

// furnish puts what the examples of the document are about there.
func (f *fake) furnish(t *testing.T) {
	t.Helper()
	f.piece(t, "article", "support", "reset", ticket.Article{Title: "Reset the printer", Body: "Hold the **button**.", Language: "en", State: ticket.ArticlePublished})
	label := ticket.Words{EN: "Repair", JA: "修理依頼"}
	f.piece(t, "reception_type", "support", "repair", ticket.ReceptionType{Label: label, Fields: []ticket.Field{{Key: "model", Label: label, Kind: ticket.FieldChoice, Required: true, By: ticket.ByClient, Choices: []ticket.Choice{{Key: "x1"}}}}})
	f.piece(t, "template", "support", "answer.ja", ticket.Template{Occasion: "answer", Language: "ja", Source: "Subject: {{ticket.title}}\n\n{{message}}"})
	f.piece(t, "macro", "support", "thanks", ticket.Macro{Name: label, Answer: "{{client.name}} 様、ありがとうございました。", Then: ticket.AnswerResolve, Owner: "me", Tags: []string{"done"}})
	f.piece(t, "text_module", "support", "hello", ticket.TextModule{Text: label})
	f.piece(t, "trigger", "support", "printers", ticket.Trigger{Name: "プリンター", Enabled: true, Then: ticket.TriggerAction{Group: "tier2"}})
	f.words = append(f.words, ForbiddenWord{ID: "word-1", Desk: "support", Word: "絶対", Action: "warn"})
}
