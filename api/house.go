package api

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

const issueDesk = "issue"

var deskKinds = []string{"inquiry", issueDesk}

// ListDesks lists those that the asker is in.
func (s *server) ListDesks(c *gin.Context, q openapi.ListDesksParams) {
	ctx, done := budget(c)
	defer done()
	found, err := s.House.Desks(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.DeskList{Items: []openapi.Desk{}}
	for _, d := range found {
		kind := string(value(q.Kind))
		handedTo := kind == issueDesk && d.Kind == issueDesk
		if handedTo || askerOf(c).sees(d.Key) && (kind == "" || kind == d.Kind) {
			out.Items = append(out.Items, desk(d))
		}
	}
	out.Total = len(out.Items)
	answer(c, http.StatusOK, out)
}

func desk(d Desk) openapi.Desk {
	m := d.Manner
	out := openapi.Desk{
		Key: d.Key, Name: d.Name, Kind: openapi.DeskKind(d.Kind), Process: openapi.DeskProcess(cmp.Or(d.Process, d.Kind)),
		Address: some(d.Address), Groups: list(d.Groups), Revision: d.Revision, Policy: policyOf(d.Key, d.Settings),
		Routes: []openapi.Channel{}, ClientFields: []openapi.ClientField{}, AnswerThen: openapi.DeskAnswerThen(m.AnswerThen), UndoSendSeconds: m.UndoSend, AttachmentMegabytes: m.AttachmentMB,
		MailMegabytes: m.MailMB, Word: words(m.Word), Language: openapi.DeskLanguage(m.Language), Signature: openapi.Signature{En: m.Signature.EN, Ja: m.Signature.JA}, Layout: openapi.DeskLayout(m.Layout),
	}
	for _, f := range m.ClientFields {
		out.ClientFields = append(out.ClientFields, openapi.ClientField(f))
	}
	for _, r := range m.Routes {
		out.Routes = append(out.Routes, openapi.Channel(r.String()))
	}
	return out
}

func words(w ticket.Words) openapi.Words { return openapi.Words{En: w.EN, Ja: w.JA} }

// processNames are those that a desk can work by.
func processNames() []string {
	var out []string
	for _, t := range lifecycle.Processes() {
		out = append(out, t.Name)
	}
	return out
}

// GetDesk shows one that the asker is in.
func (s *server) GetDesk(c *gin.Context, key string) {
	ctx, done := budget(c)
	defer done()
	h := &hand{s: s, ctx: ctx, who: askerOf(c)}
	d := h.findDesk(key)
	if h.err != nil {
		s.told(c, h.err)
		return
	}
	answer(c, http.StatusOK, desk(d))
}

// CreateDesk adds one.
func (s *server) CreateDesk(c *gin.Context) {
	var d Desk
	s.edit(c, http.StatusCreated, func(h *hand, o *object) {
		d = Desk{Key: o.newKey("key"), Manner: ticket.DefaultManner(), Settings: ticket.DefaultSettings()}
		d.Name = o.text("name", nameRule.must())
		d.Kind = cmp.Or(o.word("kind", false, deskKinds), deskKinds[0])
		d.Process = d.Kind
		h.deskSettings(o, &d)
	}, func(ctx context.Context) (any, error) {
		added, err := s.House.AddDesk(ctx, d)
		return desk(added), err
	})
}

// ChangeDesk changes what is given and leaves the rest.
func (s *server) ChangeDesk(c *gin.Context, key string) {
	var d Desk
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		d = h.findDesk(key)
		d.Name = cmp.Or(o.text("name", nameRule), d.Name)
		if n, given := o.whole("revision", false, 1, math.MaxInt64); given {
			d.Revision = n // of the desk that the asker has seen
		}
		h.deskSettings(o, &d)
	}, func(ctx context.Context) (any, error) {
		changed, err := s.House.ChangeDesk(ctx, d)
		return desk(changed), err
	})
}

// DeleteDesk takes a desk away that never had a ticket.
func (s *server) DeleteDesk(c *gin.Context, key string) {
	s.remove(c, func(ctx context.Context) error { return s.House.DropDesk(ctx, key) })
}

var nameRule = rule{min: 1, max: 200, solid: true, line: true}

// deskSettings reads what a desk is made of into what was there before: what is left out stays.
func (h *hand) deskSettings(o *object, d *Desk) {
	d.Process = cmp.Or(o.word("process", false, processNames()), d.Process)
	d.Address = cmp.Or(o.text("address", emailRule), d.Address)
	if groups := o.texts("groups", 200, keyRule); o.fields["groups"] != nil {
		d.Groups = slices.Compact(sorted(groups))
		h.groups(o, "groups", d.Groups)
	}
	readManner(o, &d.Manner)
	if p := o.inside("policy", false); p != nil {
		h.settings(p, &d.Settings)
		p.done()
	}
}

// groups blames the keys of groups that are not there.
func (h *hand) groups(o *object, name string, given []string) {
	if h.err != nil {
		return
	}
	groups, err := h.s.House.Groups(h.ctx)
	if err != nil {
		h.err = err
		return
	}
	o.known(name, "unknown_group", given, func(key string) bool {
		return slices.ContainsFunc(groups, func(g Group) bool { return g.Key == key })
	})
}

func readManner(o *object, m *ticket.Manner) {
	if o.fields["routes"] != nil {
		m.Routes = readNames(o, "routes", channels)
	} else {
		o.list("routes", len(channels))
	}
	if o.fields["client_fields"] != nil {
		m.ClientFields = readNames(o, "client_fields", ticket.ClientFields())
	} else {
		o.list("client_fields", len(ticket.ClientFields()))
	}
	m.AnswerThen = cmp.Or(ticket.AnswerThen(o.word("answer_then", false, []string{string(ticket.AnswerStay), string(ticket.AnswerHold), string(ticket.AnswerResolve)})), m.AnswerThen)
	o.count("undo_send_seconds", ticket.MaxUndoSend, &m.UndoSend)
	o.positive("attachment_megabytes", ticket.MaxFileMB, &m.AttachmentMB)
	o.positive("mail_megabytes", ticket.MaxMailMB, &m.MailMB)
	m.Language = cmp.Or(o.word("language", false, languages), m.Language)
	m.Layout = ticket.Layout(cmp.Or(o.word("layout", false, []string{string(ticket.LayoutHTML), string(ticket.LayoutText)}), string(m.Layout)))
	o.words("word", rule{max: 40, line: true}, &m.Word)
	o.words("signature", rule{max: 2000}, &m.Signature)
}

// positive reads a whole number from 1 on into to, which stays as it is where there is none.
func (o *object) positive(name string, most int64, to *int) {
	if n, given := o.whole(name, false, 1, most); given {
		*to = int(n)
	}
}

// words reads a text in both languages into to; a language that is left out stays, "" takes it away.
func (o *object) words(name string, r rule, to *ticket.Words) {
	p := o.inside(name, false)
	if p == nil {
		return
	}
	for lang, text := range map[string]*string{"en": &to.EN, "ja": &to.JA} {
		said := p.text(lang, r)
		if p.fields[lang] != nil {
			*text = said
		}
	}
	p.done()
}

// readNames reads a list of words of the ground floor, each once, in the order of all.
func readNames[T interface{ String() string }](o *object, name string, all []T) []T {
	out := []T{}
	given := o.list(name, 2*len(all))
	for i := range given {
		one := &object{at: o.pointer(name), fields: map[string]any{itoa(i): given[i]}, faults: o.faults}
		named(one, itoa(i), true, all)
	}
	for _, v := range all {
		if slices.Contains(given, any(v.String())) {
			out = append(out, v)
		}
	}
	return out
}
