package console

import (
	"net/url"
	"strings"

	"duradesk/api/openapi"
)

// action is a button of the ticket: one of the API's commands, with what a person must say for it. It is drawn exactly
// where the API's `allowed` lets the command through.
type action struct {
	ID      string
	Command string // of the API
	Icon    string
	Key     string // single key, where there is one
	Main    bool   // among the first buttons; the others are behind "more"
	Grave   bool   // asked back before
	// Shown says whether it makes sense for this ticket and person, besides being allowed; nil: always.
	Shown func(t *ticketView, v *visit, h *house) bool
	// Fields make its dialog; nil: it is done at once.
	Fields func(t *ticketView, v *visit, h *house) []field
	// Form makes it where it depends on what was said in it so far, or on what a desk asks for.
	Form func(t *ticketView, v *visit, h *house, said url.Values) ([]field, error)
	// Fixed is what its body says in any case.
	Fixed map[string]any
}

// Asks reports whether it has a dialog.
func (a action) Asks() bool { return a.Fields != nil || a.Form != nil }

func (a action) fields(t *ticketView, v *visit, h *house, said url.Values) ([]field, error) {
	if a.Form != nil {
		return a.Form(t, v, h, said)
	}
	return a.Fields(t, v, h), nil
}

// The order is that of the buttons, and of the palette.
var actions = []action{
	{
		ID: "keep", Command: "assign", Icon: "hand", Key: "i", Main: true, Fixed: map[string]any{"assign": map[string]any{"owner": "me"}},
		Shown: func(t *ticketView, _ *visit, _ *house) bool { return !t.Mine },
	},
	{ID: "transfer", Command: "assign", Icon: "transfer", Key: "t", Main: true, Fields: transferFields},
	{ID: "hold", Command: "hold", Icon: "pause", Key: "h", Main: true, Fields: holdFields},
	{ID: "resolve", Command: "resolve", Icon: "check", Key: "e", Main: true, Fields: resolveFields},
	{ID: "resolve_internally", Command: "resolve", Icon: "check-in", Fields: internalFields},
	{ID: "recall", Command: "recall", Icon: "undo", Main: true, Shown: stateIs("handed_over")},
	{ID: "restore", Command: "restore", Icon: "undo", Main: true},
	{ID: "delete", Command: "delete", Icon: "trash", Main: true, Grave: true, Fields: noFields, Shown: deletable},
	{ID: "unmerge", Command: "unmerge", Icon: "undo", Main: true, Fields: noFields},
	{ID: "hand_over", Command: "escalate", Icon: "forward", Form: handOverForm, Shown: hasIssueDesk},
	{ID: "escalate", Command: "escalate", Icon: "up", Fields: escalateFields},
	{ID: "unassign", Command: "assign", Icon: "out", Fixed: map[string]any{"assign": map[string]any{"owner": nil}}, Shown: owned},
	{ID: "phone_note", Command: "client-reply", Icon: "phone", Fields: phoneFields},
	{ID: "classify", Command: "classify", Icon: "tag", Key: "#", Form: classifyForm},
	{ID: "promise", Command: "promise", Icon: "clock", Fields: promiseFields},
	{ID: "merge", Command: "merge", Icon: "merge", Key: "m", Fields: mergeFields},
	{ID: "link", Command: "link", Icon: "link", Fields: linkFields},
	{ID: "close", Command: "close", Icon: "lock", Grave: true, Fields: noFields},
}

func actionByID(id string) (action, bool) {
	for _, a := range actions {
		if a.ID == id {
			return a, true
		}
	}
	return action{}, false
}

// act finds the buttons of a ticket, and why the others are not there.
func (v *visit) act(t *ticketView, h *house) {
	why := map[string]string{}
	allowed := map[string]bool{}
	for _, a := range t.Allowed {
		if a.Reason == nil {
			allowed[a.Command] = true
			continue
		}
		why[a.Command] = deref(a.ReasonText)
	}
	for _, a := range actions {
		switch {
		case !allowed[a.Command]:
			if text, listed := why[a.Command]; listed {
				t.Refused = append(t.Refused, refusedView{a.ID, text})
			}
		case a.Shown != nil && !a.Shown(t, v, h):
		case a.Main:
			t.Main = append(t.Main, a)
		default:
			t.Others = append(t.Others, a)
		}
	}
}

func (t *ticketView) allows(command string) bool { return allowed(t.Ticket, command) }

func allowed(t openapi.Ticket, command string) bool {
	for _, a := range t.Allowed {
		if a.Command == command {
			return a.Reason == nil
		}
	}
	return false
}

func stateIs(s openapi.State) func(*ticketView, *visit, *house) bool {
	return func(t *ticketView, _ *visit, _ *house) bool { return t.State == s }
}

func owned(t *ticketView, _ *visit, _ *house) bool { return t.Owner != nil }

// deletable keeps the erasure of an ended ticket out of the way: that is an admin's act, and stands on its own page.
func deletable(t *ticketView, _ *visit, _ *house) bool { return t.State == "spam" }

func hasIssueDesk(t *ticketView, _ *visit, h *house) bool {
	for _, d := range h.Issue {
		if d.Key != t.Desk {
			return true
		}
	}
	return false
}

func noFields(*ticketView, *visit, *house) []field { return []field{} }

func transferFields(t *ticketView, v *visit, h *house) []field {
	return []field{
		{Name: "assign.group", Label: "field.group", Kind: pick, Options: v.groupOptions(h), Value: deref(t.Group), Clears: true, Focus: true},
		{Name: "assign.owner", Label: "field.owner", Kind: pick, Options: v.agentOptions(h, t.Desk), Value: deref(t.Owner), Clears: true, Help: "help.owner_none"},
	}
}

func (v *visit) groupOptions(h *house) []option {
	out := []option{{"", say(v.lang, "none")}}
	for _, g := range h.Groups {
		out = append(out, option{g.Key, g.Name})
	}
	return out
}

// agentOptions are those who see the desk's tickets.
func (v *visit) agentOptions(h *house, desk string) []option {
	out := []option{{"", say(v.lang, "none")}}
	for _, a := range h.Agents {
		sees := a.Role == "admin"
		for _, d := range a.Desks {
			sees = sees || d == desk
		}
		if sees {
			out = append(out, option{a.Key, a.Name})
		}
	}
	return out
}

func holdFields(_ *ticketView, v *visit, _ *house) []field {
	return []field{
		{Name: "hold.reason", Label: "field.reason", Kind: pick, Options: v.opts("holding", "client", "third_party", "internal", "scheduled"), Needed: true, Value: "client", Focus: true},
		{Name: "hold.until", Label: "field.until", Kind: when, Help: "help.until"},
	}
}

func resolveFields(t *ticketView, v *visit, h *house) []field {
	out := []field{{Name: "resolve.solution", Label: "field.solution", Kind: long, Help: "help.solution", Focus: true}}
	for _, d := range h.Desks {
		if d.Key == t.Desk && d.Process == "incident" {
			out[0].Needed = true
		}
	}
	return out
}

func internalFields(_ *ticketView, v *visit, _ *house) []field {
	return []field{{
		Name: "resolve.category", Label: "field.category", Kind: pick, Needed: true, Focus: true, Help: "help.category",
		Options: v.opts("category", "spam", "abuse", "test", "duplicate", "solved_by_chat", "solved_by_phone", "other"),
	}}
}

func escalateFields(_ *ticketView, v *visit, h *house) []field {
	groups := v.groupOptions(h)
	groups[0].Name = say(v.lang, "same_group")
	return []field{
		{Name: "escalate.reason", Label: "field.why", Kind: oneLiner, Needed: true, Focus: true},
		{Name: "escalate.group", Label: "field.group", Kind: pick, Options: groups},
	}
}

func phoneFields(*ticketView, *visit, *house) []field {
	return []field{
		{Name: "client_reply.channel", Label: "field.channel", Kind: hidden, Value: "phone"},
		{Name: "message.body", Label: "field.said", Kind: long, Needed: true, Focus: true, Help: "help.said"},
	}
}

func promiseFields(*ticketView, *visit, *house) []field {
	return []field{
		{Name: "promise.due_at", Label: "field.due_at", Kind: when, Needed: true, Focus: true},
		{Name: "promise.text", Label: "field.promise", Kind: oneLiner, Needed: true},
	}
}

func mergeFields(*ticketView, *visit, *house) []field {
	return []field{{Name: "merge.into", Label: "field.into", Kind: whole, Needed: true, Focus: true, Help: "help.merge"}}
}

func linkFields(_ *ticketView, v *visit, _ *house) []field {
	return []field{
		{Name: "link.number", Label: "field.number", Kind: whole, Needed: true, Focus: true},
		{Name: "link.kind", Label: "field.kind", Kind: pick, Needed: true, Options: v.opts("linking", "related", "duplicate", "causes", "follow_up")},
	}
}

func joined(words []string) string { return strings.Join(words, ", ") }

func pairsOf(fields map[string]any) string {
	var out strings.Builder
	for _, f := range fieldsOf(fields) {
		out.WriteString(f.Name + ": " + f.Value + "\n")
	}
	return out.String()
}
