package api

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// triggers give tickets that are opened to a group or an owner (N9).
var triggers = furniture[ticket.Trigger, openapi.Trigger]{
	kind: "trigger",
	read: func(h *hand, o *object, p *Piece, v *ticket.Trigger) {
		h.place(o, p)
		if name := o.text("name", nameRule); name != "" {
			v.Name = name
		} else if v.Name == "" && o.fields["name"] == nil {
			o.blame("name", "missing", map[string]string{"name": "name"})
		}
		o.flag("enabled", &v.Enabled)
		o.flag("last", &v.Last)
		if w := o.inside("when", false); w != nil {
			v.When = readWhen(w)
			w.done()
		}
		if t := o.inside("then", false); t != nil {
			v.Then = h.readThen(t, p.Desk)
			t.done()
		}
		if v.Then.Group == "" && v.Then.Owner == "" && v.Then.Priority == ticket.NoPriority && len(v.Then.Tags) == 0 {
			o.blame("then", "nothing", nil)
		}
	},
	show: func(p Piece, v ticket.Trigger) openapi.Trigger {
		w := v.When
		out := openapi.Trigger{
			Id: pieceID(p), Desk: some(p.Desk), Key: p.Key, Position: p.Position, Revision: p.Revision, Name: v.Name, Enabled: v.Enabled, Last: v.Last,
			When: openapi.TriggerWhen{
				Channels: namedOf[openapi.Channel](w.Channels), Languages: listed(w.Languages), Types: wordsOf[openapi.Type](w.Types), ReceptionTypes: listed(w.ReceptionTypes),
				Priorities: namedOf[openapi.Priority](w.Priorities), Title: listed(w.Title), Text: listed(w.Text), Senders: listed(w.Senders), Tags: listed(w.Tags), Working: w.Working,
			},
			Then: openapi.TriggerThen{Group: some(v.Then.Group), Owner: some(v.Then.Owner), Priority: some(openapi.Priority(v.Then.Priority.String())), Tags: listed(v.Then.Tags)},
		}
		return out
	},
}

// namedOf writes words of the ground floor; nil for none.
func namedOf[O ~string, T interface{ String() string }](in []T) *[]O {
	if len(in) == 0 {
		return nil
	}
	out := make([]O, len(in))
	for i, v := range in {
		out[i] = O(v.String())
	}
	return &out
}

func wordsOf[O ~string](in []string) *[]O {
	if len(in) == 0 {
		return nil
	}
	out := make([]O, len(in))
	for i, v := range in {
		out[i] = O(v)
	}
	return &out
}

// listed is a list that is there; nil for the empty one.
func listed(in []string) *[]string { return wordsOf[string](in) }

var partRule = rule{min: 1, max: 200, solid: true, line: true}

func readWhen(o *object) ticket.TriggerWhen {
	w := ticket.TriggerWhen{
		Channels: readNames(o, "channels", channels), Languages: o.texts("languages", 10, languageRule), ReceptionTypes: o.texts("reception_types", 50, receptionRule),
		Priorities: readNames(o, "priorities", priorities), Title: o.texts("title", 50, partRule), Text: o.texts("text", 50, partRule),
		Senders: o.texts("senders", 200, rule{min: 3, max: 254, line: true, pattern: senderPattern, like: "sender"}), Tags: o.texts("tags", 50, rule{min: 1, max: 50, line: true}),
	}
	for i, v := range o.list("types", len(types)) {
		one := &object{at: o.pointer("types"), fields: map[string]any{itoa(i): v}, faults: o.faults}
		if t := one.word(itoa(i), true, types); t != "" {
			w.Types = append(w.Types, t)
		}
	}
	if o.fields["working"] != nil {
		working := false
		o.flag("working", &working)
		w.Working = &working
	} else {
		o.get("working", false)
	}
	return w
}

// readThen reads what a trigger does. An owner must see the tickets of its desk.
func (h *hand) readThen(o *object, desk string) ticket.TriggerAction {
	h.rec.Process.Desk = desk
	t := ticket.TriggerAction{Group: h.group(o, "group"), Owner: h.owner(o, "owner"), Tags: readTags(o, "tags")}
	t.Priority, _ = named(o, "priority", false, priorities)
	return t
}

// ListTriggers lists those for the asker, in the order in which they are asked.
func (s *server) ListTriggers(c *gin.Context, q openapi.ListTriggersParams) {
	ctx, done := budget(c)
	defer done()
	items, err := triggers.all(ctx, s, askerOf(c), value(q.Desk))
	if err != nil {
		s.told(c, err)
		return
	}
	slices.SortStableFunc(items, func(a, b openapi.Trigger) int { // those of a desk before those of every desk
		return map[bool]int{true: 0, false: 1}[a.Desk != nil] - map[bool]int{true: 0, false: 1}[b.Desk != nil]
	})
	answer(c, http.StatusOK, openapi.TriggerList{Items: items, Total: len(items)})
}

// CreateTrigger adds one.
func (s *server) CreateTrigger(c *gin.Context) {
	triggers.make(s, c, func(h *hand, o *object, p *Piece) ticket.Trigger {
		h.own(o, p, o.newKey("key"))
		return ticket.Trigger{Enabled: true}
	})
}

// ChangeTrigger changes one.
func (s *server) ChangeTrigger(c *gin.Context, id string) { triggers.change(s, c, id) }

// DeleteTrigger takes one away.
func (s *server) DeleteTrigger(c *gin.Context, id string) { triggers.drop(s, c, id) }
