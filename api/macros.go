package api

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/mail"
	"duradesk/ticket"
)

var answerThens = []string{string(ticket.AnswerStay), string(ticket.AnswerHold), string(ticket.AnswerResolve)}

// macros are what agents do at one stroke.
var macros = furniture[ticket.Macro, openapi.Macro]{
	kind: "macro",
	read: func(h *hand, o *object, p *Piece, v *ticket.Macro) {
		h.place(o, p)
		clearMacro(o, v)
		o.words("name", rule{max: 200, line: true}, &v.Name)
		if v.Name == (ticket.Words{}) {
			o.blame("name", "empty", nil)
		}
		v.Language = cmp.Or(o.word("language", false, languages), v.Language)
		o.insertion("answer", &v.Answer)
		o.insertion("note", &v.Note)
		v.Then = cmp.Or(ticket.AnswerThen(o.word("then", false, answerThens)), v.Then)
		if r, given := named(o, "hold", false, ticket.HoldReasons()); given {
			v.Hold = r
		}
		o.count("hold_hours", 24*366, &v.HoldFor)
		if k, given := named(o, "category", false, ticket.Categories()); given {
			v.Category = k
		}
		h.rec.Process.Desk = p.Desk
		v.Group = cmp.Or(h.group(o, "group"), v.Group)
		v.Owner = cmp.Or(h.ownerOrMe(o, "owner"), v.Owner)
		if r, given := named(o, "priority", false, priorities); given {
			v.Priority = r
		}
		if tags := readTags(o, "tags"); o.fields["tags"] != nil {
			v.Tags = tags
		}
		checkMacro(o, *v)
	},
	show: func(p Piece, v ticket.Macro) openapi.Macro {
		return openapi.Macro{
			Id: pieceID(p), Desk: some(p.Desk), Key: p.Key, Position: p.Position, Revision: p.Revision, Name: openapi.NameWords{En: v.Name.EN, Ja: v.Name.JA},
			Language: some(openapi.MacroLanguage(v.Language)), Answer: v.Answer, Note: v.Note, Then: some(openapi.MacroThen(v.Then)), Hold: some(openapi.HoldReason(v.Hold.String())),
			HoldHours: v.HoldFor, Category: some(openapi.Category(v.Category.String())), Group: some(v.Group), Owner: some(v.Owner),
			Priority: some(openapi.Priority(v.Priority.String())), Tags: list(v.Tags),
		}
	},
}

// clearMacro takes away what the body says null of.
func clearMacro(o *object, m *ticket.Macro) {
	for name, clear := range map[string]func(){
		"language": func() { m.Language = "" }, "then": func() { m.Then = "" }, "hold": func() { m.Hold = ticket.NoHold }, "category": func() { m.Category = ticket.NoCategory },
		"group": func() { m.Group = "" }, "owner": func() { m.Owner = "" }, "priority": func() { m.Priority = ticket.NoPriority },
	} {
		if o.isNull(name) {
			clear()
		}
	}
}

// checkMacro holds that a macro does something, and nothing that contradicts itself.
func checkMacro(o *object, m ticket.Macro) {
	switch {
	case m.Answer == "" && m.Note == "" && m.Then == "" && m.Group == "" && m.Owner == "" && m.Priority == ticket.NoPriority && len(m.Tags) == 0:
		*o.faults = append(*o.faults, fault{pointer: o.at, code: "nothing"})
	case m.Category != ticket.NoCategory && m.Then != ticket.AnswerResolve:
		o.blame("category", "needs_other", map[string]string{"other": "then: resolve"})
	case (m.Hold != ticket.NoHold || m.HoldFor > 0) && m.Then != ticket.AnswerHold:
		o.blame("hold", "needs_other", map[string]string{"other": "then: hold"})
	case m.Category != ticket.NoCategory && m.Answer != "":
		o.blame("answer", "not_both", map[string]string{"other": "category"}) // an internal resolution sends nothing (N34)
	}
}

// insertion reads a text with variables into to; "" takes it away.
func (o *object) insertion(name string, to *string) {
	text := o.text(name, rule{max: 100_000})
	if o.fields[name] == nil {
		return
	}
	if err := mail.CheckText(text); err != nil {
		o.blame(name, "template", map[string]string{"why": err.Error()})
	}
	*to = text
}

// ownerOrMe keeps "me" as it is: whoever uses the macro.
func (h *hand) ownerOrMe(o *object, name string) string {
	if o.fields[name] == "me" {
		o.asked = append(o.asked, name)
		return "me"
	}
	return h.owner(o, name)
}

// ListMacros lists those for the asker.
func (s *server) ListMacros(c *gin.Context, q openapi.ListMacrosParams) {
	ctx, done := budget(c)
	defer done()
	items, err := macros.all(ctx, s, askerOf(c), value(q.Desk))
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.MacroList{Items: items, Total: len(items)})
}

// CreateMacro adds one.
func (s *server) CreateMacro(c *gin.Context) {
	macros.make(s, c, func(h *hand, o *object, p *Piece) (v ticket.Macro) {
		h.own(o, p, o.newKey("key"))
		return v
	})
}

// ChangeMacro changes one.
func (s *server) ChangeMacro(c *gin.Context, id string) { macros.change(s, c, id) }

// DeleteMacro takes one away.
func (s *server) DeleteMacro(c *gin.Context, id string) { macros.drop(s, c, id) }
