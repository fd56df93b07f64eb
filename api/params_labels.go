package api

import (
	"duradesk/ticket"
)

func (h *hand) classify(o *object, order *ticket.Order) {
	p := o.inside("classify", true)
	if p == nil {
		return
	}
	params := ticket.ClassifyParams{
		Title: given(p, "title", titleRule), ReceptionType: given(p, "reception_type", receptionRule), Language: given(p, "language", languageRule),
		DueAt: p.instant("due_at", false),
	}
	params.Priority, _ = named(p, "priority", false, priorities)
	params.Impact, _ = named(p, "impact", false, ticket.Levels())
	params.Urgency, _ = named(p, "urgency", false, ticket.Levels())
	if t := p.word("type", false, types); t != "" {
		params.Type = &t
	}
	if tags := readTags(p, "tags"); p.fields["tags"] != nil {
		params.Tags = &tags
	}
	for name, into := range map[string]*[]string{"add_tags": &params.AddTags, "remove_tags": &params.RemoveTags} {
		if tags := readTags(p, name); len(tags) > 0 {
			*into = tags
		}
	}
	if params.Tags != nil && (len(params.AddTags) > 0 || len(params.RemoveTags) > 0) {
		p.blame("tags", "not_both", map[string]string{"other": "add_tags, remove_tags"})
	}
	if fields := readFields(p); len(fields) > 0 {
		params.Fields = fields
	}
	reception := h.rec.ReceptionType
	if params.ReceptionType != nil {
		reception = *params.ReceptionType
	}
	if params.ReceptionType != nil || params.Fields != nil {
		h.form(p, h.rec.Process.Desk, reception, params.Fields, h.rec.Fields)
	}
	p.done()
	h.near(p, "due_at", params.DueAt)
	if p.empty() {
		*o.faults = append(*o.faults, fault{pointer: p.at, code: "nothing"})
	}
	order.Params.Classify = &params
}

// given is a text that is there; nil where it is left out.
func given(o *object, name string, r rule) *string {
	if text := o.text(name, r); text != "" {
		return &text
	}
	return nil
}

func (h *hand) verdict(o *object, order *ticket.Order) {
	p := o.inside("client_verdict", true)
	if p == nil {
		return
	}
	params := ticket.VerdictParams{}
	params.Verdict, _ = named(p, "verdict", true, ticket.Verdicts())
	p.done()
	order.Params.Verdict = &params
}

func (h *hand) feedback(o *object, order *ticket.Order) {
	p := o.inside("feedback", true)
	if p == nil {
		return
	}
	rating, _ := p.whole("rating", true, 1, 5)
	order.Params.Feedback = &ticket.FeedbackParams{Rating: int(rating), Comment: p.text("comment", rule{min: 1, max: 10000, solid: true})}
	p.done()
}

func (h *hand) promise(o *object, order *ticket.Order) {
	p := o.inside("promise", true)
	if p == nil {
		return
	}
	due := p.instant("due_at", true)
	params := ticket.PromiseParams{Text: p.text("text", rule{needed: true, min: 1, max: 1000, solid: true})}
	p.done()
	h.ahead(p, "due_at", due)
	if due != nil {
		params.DueAt = *due
	}
	order.Params.Promise = &params
}
