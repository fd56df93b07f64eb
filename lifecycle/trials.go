package lifecycle

import (
	"fmt"
	"time"

	"duradesk/ticket"
)

// trial is a command that the proofs send, with the words that their stories use for it.
type trial struct {
	says string
	c    ticket.Command
}

// The cast of the proofs' stories.
var (
	aClient = ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}
	anAgent = ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}
	aLead   = ticket.Actor{Kind: ticket.ActorAgent, ID: "kato", Role: ticket.RoleLead}
	anAdmin = ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}
)

// trials lists what can happen next to a ticket: each command in the variants that guards tell apart, an hour later
// and half a year later where time matters, and each running clock.
func trials(p ticket.Process, now time.Time) []trial {
	soon, late := now.Add(time.Hour), now.Add(180*24*time.Hour)
	if p.State == ticket.NoState {
		return openings(now)
	}
	list := append(fromClients(soon, late), fromStaff(p, soon)...)
	list = append(list, fromDesk(soon)...)
	for _, k := range p.Clocks {
		if k.State == ticket.Running {
			list = append(list, trial{clockName(k.Kind) + " rings", TimerCommand(p.Number, k)})
		}
	}
	return list
}

// openings lists what a ticket can begin with.
func openings(at time.Time) []trial {
	mute := writes(ticket.ClientReply, aClient, at)
	mute.Params.Reply = &ticket.ReplyParams{Channel: ticket.ChannelMail, Mute: true}
	owned := ticket.Params{Create: &ticket.CreateParams{Owner: "sato"}}
	return []trial{
		{"a client writes", writes(ticket.ClientReply, aClient, at)},
		{"a client writes, and may not be answered by a machine", mute},
		{"an agent opens a ticket", writes(ticket.Create, anAgent, at)},
		{"an agent opens a ticket for a colleague", with(writes(ticket.Create, aLead, at), owned)},
		{"an automatic mail opens a ticket", writes(ticket.AutomaticMail, ticket.System, at)},
	}
}

func fromClients(soon, late time.Time) []trial {
	return []trial{
		{"the client writes", writes(ticket.ClientReply, aClient, soon)},
		{"the client writes half a year later", writes(ticket.ClientReply, aClient, late)},
		{"an agent logs the client's call", writes(ticket.ClientReply, anAgent, soon)},
	}
}

func fromStaff(p ticket.Process, at time.Time) []trial {
	list := []trial{
		{"an agent answers", writes(ticket.AgentResponse, anAgent, at)},
		{"an agent notes something", writes(ticket.Note, anAgent, at)},
		{"an agent opens it once more", writes(ticket.Create, anAgent, at)},
		{"an agent raises it a tier", bare(ticket.Escalate, anAgent, at)},
		{"the operator raises it a tier", bare(ticket.Escalate, ticket.Operator, at)},
		{"a lead closes it", bare(ticket.Close, aLead, at)},
		{"a lead restores it", bare(ticket.Restore, aLead, at)},
		{"a lead deletes it", bare(ticket.Delete, aLead, at)},
		{"an admin erases it", bare(ticket.Delete, anAdmin, at)},
	}
	list = append(list, holds(at)...)
	list = append(list, resolves(at)...)
	return append(list, assigns(p, at)...)
}

func holds(at time.Time) []trial {
	until, past := at.Add(48*time.Hour), at.Add(-time.Hour)
	hold := func(u *time.Time) ticket.Params {
		return ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient, Until: u}}
	}
	return []trial{
		{"an agent puts it on hold", with(bare(ticket.Hold, anAgent, at), hold(nil))},
		{"an agent puts it on hold with an interim answer", with(writes(ticket.Hold, anAgent, at), hold(nil))},
		{"an agent puts it on hold for two days", with(bare(ticket.Hold, anAgent, at), hold(&until))},
		{"an agent puts it on hold until a day gone by", with(bare(ticket.Hold, anAgent, at), hold(&past))},
		{"the operator puts it on hold", bare(ticket.Hold, ticket.Operator, at)},
	}
}

func resolves(at time.Time) []trial {
	list := []trial{
		{"an agent resolves it", bare(ticket.Resolve, anAgent, at)},
		{"an agent resolves it with a final answer", writes(ticket.Resolve, anAgent, at)},
		{"the operator resolves it", bare(ticket.Resolve, ticket.Operator, at)},
	}
	for _, k := range []ticket.Category{ticket.CategorySpam, ticket.CategoryAbuse, ticket.CategoryDuplicate} {
		params := ticket.Params{Resolve: &ticket.ResolveParams{Category: k}}
		list = append(list,
			trial{fmt.Sprintf("an agent resolves it internally as %s", k), with(bare(ticket.Resolve, anAgent, at), params)},
			trial{fmt.Sprintf("an agent resolves it internally as %s with some words", k), with(writes(ticket.Resolve, anAgent, at), params)})
	}
	return list
}

func assigns(p ticket.Process, at time.Time) []trial {
	other, nobody, same, group := "tanaka", "", p.Owner, p.Group+"+"
	if p.Owner == other {
		other = "sato"
	}
	to := func(by ticket.Actor, a ticket.AssignParams) ticket.Command {
		return with(bare(ticket.Assign, by, at), ticket.Params{Assign: &a})
	}
	return []trial{
		{"an agent assigns it to a colleague", to(anAgent, ticket.AssignParams{Owner: &other})},
		{"a lead assigns it to an agent", to(aLead, ticket.AssignParams{Owner: &other})},
		{"a lead takes its owner away", to(aLead, ticket.AssignParams{Owner: &nobody})},
		{"an agent takes its owner away", to(anAgent, ticket.AssignParams{Owner: &nobody})},
		{"an agent passes it to another group", to(anAgent, ticket.AssignParams{Group: &group})},
		{"an agent assigns it to whom it belongs", to(anAgent, ticket.AssignParams{Owner: &same})},
		{"a trigger assigns it", to(ticket.System, ticket.AssignParams{Owner: &other})},
	}
}

func fromDesk(at time.Time) []trial {
	failed := ticket.Params{Failed: &ticket.FailedParams{Delivery: "d", State: "failed"}}
	return []trial{
		{"an automatic mail comes", writes(ticket.AutomaticMail, ticket.System, at)},
		{"a mail cannot be delivered", with(bare(ticket.DeliveryFailed, ticket.System, at), failed)},
		{"something unreadable comes by hand", bare(ticket.Unreadable, ticket.Operator, at)},
	}
}

func bare(k ticket.Kind, by ticket.Actor, at time.Time) ticket.Command {
	return ticket.Command{ID: "trial", Kind: k, By: by, At: at}
}

func writes(k ticket.Kind, by ticket.Actor, at time.Time) ticket.Command {
	c := bare(k, by, at)
	c.Message = "m"
	return c
}

func with(c ticket.Command, params ticket.Params) ticket.Command {
	c.Params = params
	return c
}
