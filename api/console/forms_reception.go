package console

import (
	"cmp"
	"net/url"
)

// handOverForm passes a ticket to an issue desk, with what that desk asks for (N57, N58).
func handOverForm(t *ticketView, v *visit, h *house, said url.Values) ([]field, error) {
	var desks []option
	for _, d := range h.Issue {
		if d.Key != t.Desk {
			desks = append(desks, option{d.Key, d.Name})
		}
	}
	again := "/-/tickets/" + t.N + "/dialog/hand_over"
	now := filled{desk: said.Get("escalate.desk"), reception: said.Get("escalate.reception_type"), again: again + "?chosen=escalate.reception_type"}
	if now.desk == "" && len(desks) > 0 {
		now.desk = desks[0].Value
	}
	asked, err := v.receptionFields("escalate.", now)
	if err != nil {
		return nil, err
	}
	out := []field{
		{Name: "escalate.desk", Label: "field.desk", Kind: pick, Options: desks, Value: now.desk, Needed: true, Focus: true, Again: again + "?chosen=escalate.desk"},
		{Name: "escalate.title", Label: "field.title", Kind: oneLiner, Value: t.Title, Needed: true},
	}
	out = append(out, asked...)
	return append(out,
		field{Name: "escalate.body", Label: "field.body", Kind: long, Help: "help.hand_over_body"},
		field{Name: "escalate.reason", Label: "field.why", Kind: oneLiner, Needed: true},
	), nil
}

func classifyForm(t *ticketView, v *visit, _ *house, said url.Values) ([]field, error) {
	now := filled{desk: t.Desk, reception: deref(t.ReceptionType), fields: t.Fields, again: "/-/tickets/" + t.N + "/dialog/classify?chosen=classify.reception_type"}
	if said.Has("classify.reception_type") {
		now.reception = said.Get("classify.reception_type")
	}
	asked, err := v.receptionFields("classify.", now)
	if err != nil {
		return nil, err
	}
	tags := field{Name: "classify.tags", Label: "field.tags", Kind: list, Value: joined(t.Tags), Help: "help.tags", Focus: true, Clears: true}
	if t.State == "closed" {
		return append([]field{tags}, asked[1:]...), nil
	}
	out := []field{
		tags,
		{Name: "classify.title", Label: "field.title", Kind: oneLiner, Value: t.Title, Needed: true},
		{Name: "classify.priority", Label: "field.priority", Kind: pick, Value: string(t.Priority), Options: v.opts("priority", "low", "normal", "high", "urgent")},
		{Name: "classify.type", Label: "field.type", Kind: pick, Value: t.Type, Options: v.opts("type", "question", "request", "incident", "problem", "complaint")},
		{Name: "classify.language", Label: "field.language", Kind: pick, Value: t.Language, Options: v.opts("language", "ja", "en")},
	}
	return append(out, asked...), nil
}

// createForm is what an agent fills in to open a ticket, with what its desk asks for (N54, N55).
func (v *visit) createForm(h *house, said url.Values) ([]field, error) {
	desks := make([]option, 0, len(h.Desks))
	for _, d := range h.Desks {
		desks = append(desks, option{d.Key, d.Name})
	}
	home, group := said.Get("desk"), ""
	if home == "" && len(desks) > 0 {
		home = desks[0].Value
	}
	if len(v.me.Groups) > 0 {
		group = v.me.Groups[0]
	}
	asked, err := v.receptionFields("", filled{desk: home, reception: said.Get("reception_type"), again: "/-/new?chosen=reception_type"})
	if err != nil {
		return nil, err
	}
	out := []field{
		{Name: "desk", Label: "field.desk", Kind: pick, Options: desks, Value: home, Needed: true, Again: "/-/new?chosen=desk"},
		{Name: "channel", Label: "field.channel", Kind: pick, Options: v.opts("channel", "phone", "mail", "chat", "portal", "external"), Value: "phone", Needed: true, Focus: true},
		{Name: "client.name", Label: "field.client_name", Kind: oneLiner},
		{Name: "client.email", Label: "field.email", Kind: oneLiner, Help: "help.client_email"},
		{Name: "client.phone", Label: "field.phone", Kind: oneLiner},
	}
	out = append(out, asked...)
	return append(out,
		field{Name: "title", Label: "field.title", Kind: oneLiner, Needed: true},
		field{Name: "message.body", Label: "field.said", Kind: long, Needed: true},
		field{Name: "group", Label: "field.group", Kind: pick, Options: v.groupOptions(h), Value: group},
		field{Name: "owner", Label: "field.owner", Kind: pick, Options: v.agentOptions(h, home), Value: cmp.Or(said.Get("owner"), v.me.Key)},
		field{Name: "priority", Label: "field.priority", Kind: pick, Options: v.opts("priority", "low", "normal", "high", "urgent"), Value: "normal"},
		field{Name: "type", Label: "field.type", Kind: pick, Options: v.opts("type", "question", "request", "incident", "problem", "complaint"), Value: "question"},
		field{Name: "tags", Label: "field.tags", Kind: list, Help: "help.tags"},
	), nil
}
