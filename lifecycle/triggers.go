package lifecycle

import (
	"slices"
	"strings"

	"duradesk/ticket"
)

// Holds reports whether a trigger is for a ticket that was just opened, and names the conditions that it went by:
// people read them as the cause. A trigger without conditions is for every ticket.
func Holds(t ticket.Trigger, x ticket.Opened) (why []string, holds bool) {
	w := t.When
	title, text := strings.ToLower(x.Title), strings.ToLower(x.Title+"\n"+x.Text)
	for _, c := range []struct {
		name  string
		given bool
		holds bool
	}{
		{"channels", len(w.Channels) > 0, slices.Contains(w.Channels, x.Channel)},
		{"languages", len(w.Languages) > 0, slices.Contains(w.Languages, x.Language)},
		{"types", len(w.Types) > 0, slices.Contains(w.Types, x.Type)},
		{"reception_types", len(w.ReceptionTypes) > 0, slices.Contains(w.ReceptionTypes, x.ReceptionType)},
		{"priorities", len(w.Priorities) > 0, slices.Contains(w.Priorities, x.Priority)},
		{"title", len(w.Title) > 0, slices.ContainsFunc(w.Title, func(s string) bool { return strings.Contains(title, strings.ToLower(s)) })},
		{"text", len(w.Text) > 0, slices.ContainsFunc(w.Text, func(s string) bool { return strings.Contains(text, strings.ToLower(s)) })},
		{"senders", len(w.Senders) > 0, slices.ContainsFunc(w.Senders, func(s string) bool { return from(x.Sender, s) })},
		{"tags", len(w.Tags) > 0, slices.ContainsFunc(w.Tags, func(s string) bool { return slices.Contains(x.Tags, s) })},
		{"working", w.Working != nil, w.Working != nil && *w.Working == x.Working},
	} {
		if !c.given {
			continue
		}
		if !c.holds {
			return nil, false
		}
		why = append(why, c.name)
	}
	return why, true
}

// from reports whether an address is the one meant, or of the domain meant (written with its @; subdomains too).
func from(address, meant string) bool {
	address, meant = strings.ToLower(address), strings.ToLower(meant)
	domain, isDomain := strings.CutPrefix(meant, "@")
	return address == meant || isDomain && (strings.HasSuffix(address, meant) || strings.HasSuffix(address, "."+domain))
}

// Triggered lists the commands that a trigger asks of a ticket that was just opened. An owner or a group that is there
// already stays: a person, or an earlier trigger, has chosen.
func Triggered(t ticket.Trigger, key string, p ticket.Process, tags []string) []ticket.Command {
	var out []ticket.Command
	add := func(k ticket.Kind, params ticket.Params) {
		params.Trigger = key
		out = append(out, ticket.Command{Kind: k, By: ticket.System, Params: params})
	}
	then := t.Then
	if then.Priority != ticket.NoPriority && then.Priority != p.Priority {
		add(ticket.Classify, ticket.Params{Classify: &ticket.ClassifyParams{Priority: then.Priority}})
	}
	if missing := slices.DeleteFunc(slices.Clone(then.Tags), func(tag string) bool { return slices.Contains(tags, tag) }); len(missing) > 0 {
		all := append(slices.Clone(tags), missing...)
		slices.Sort(all)
		all = slices.Compact(all)
		add(ticket.Classify, ticket.Params{Classify: &ticket.ClassifyParams{Tags: &all}})
	}
	assign := ticket.AssignParams{}
	if then.Group != "" && p.Group == "" && p.Owner == "" {
		assign.Group = &then.Group
	}
	if then.Owner != "" && p.Owner == "" {
		assign.Owner = &then.Owner
	}
	if assign != (ticket.AssignParams{}) {
		add(ticket.Assign, ticket.Params{Assign: &assign})
	}
	return out
}
