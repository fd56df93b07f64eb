package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
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
	aClient     = ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}
	aFullClient = ticket.Actor{Kind: ticket.ActorClient, ID: "c_2", Full: true}
	anAgent     = ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}
	aLead       = ticket.Actor{Kind: ticket.ActorAgent, ID: "kato", Role: ticket.RoleLead}
	anAdmin     = ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}
)

// trials lists what can happen next to a ticket: each command in the variants that guards tell apart, an hour later
// and half a year later where time matters, and each running clock. before is the ticket as it was a step ago.
func trials(p ticket.Process, now time.Time, before *ticket.Process) []trial {
	soon, late := now.Add(time.Hour), now.Add(180*24*time.Hour)
	if p.State == ticket.NoState {
		return openings(now)
	}
	list := slices.Concat(fromClients(soon, late), fromStaff(p, soon), aboutOthers(p, soon), aboutMessages(p, soon, before), fromDesk(p, soon))
	for _, k := range p.Clocks {
		if k.State == ticket.Running {
			list = append(list, trial{clockName(k.Kind) + " " + rings(k), TimerCommand(p.Number, k)})
		}
	}
	return list
}

func rings(k ticket.Clock) string {
	if !k.Warn.IsZero() {
		return "gives warning"
	}
	return "rings"
}

// openings lists what a ticket can begin with.
func openings(at time.Time) []trial {
	mute := writes(ticket.ClientReply, aClient, at)
	mute.Params.Reply = &ticket.ReplyParams{Channel: ticket.ChannelMail, Mute: true}
	create := func(says string, by ticket.Actor, p ticket.CreateParams) trial {
		return trial{says, with(writes(ticket.Create, by, at), ticket.Params{Create: &p})}
	}
	return []trial{
		{"a client writes", writes(ticket.ClientReply, aClient, at)},
		{"a client writes, and may not be answered by a machine", mute},
		{"an agent opens a ticket", writes(ticket.Create, anAgent, at)},
		create("an agent opens a ticket for a colleague", aLead, ticket.CreateParams{Owner: "sato"}),
		create("an agent opens an incident that hurts much and is urgent", anAgent, ticket.CreateParams{Impact: ticket.LevelHigh, Urgency: ticket.LevelHigh}),
		create("an agent opens an incident without its urgency", anAgent, ticket.CreateParams{Impact: ticket.LevelHigh}),
		create("a hand-over opens a ticket", ticket.System, ticket.CreateParams{Parent: 998}),
		{"an automatic mail opens a ticket", writes(ticket.AutomaticMail, ticket.System, at)},
	}
}

func fromClients(soon, late time.Time) []trial {
	list := []trial{
		{"the client writes", writes(ticket.ClientReply, aClient, soon)},
		{"the client writes half a year later", writes(ticket.ClientReply, aClient, late)},
		{"an agent logs the client's call", writes(ticket.ClientReply, anAgent, soon)},
		{"the client is content", with(bare(ticket.Feedback, aClient, soon), ticket.Params{Feedback: &ticket.FeedbackParams{Rating: 5}})},
		{"a client with full access changes a field", with(bare(ticket.Classify, aFullClient, soon), labels())},
	}
	says := func(v ticket.Verdict, at time.Time) ticket.Command {
		return with(bare(ticket.ClientVerdict, aClient, at), ticket.Params{Verdict: &ticket.VerdictParams{Verdict: v}})
	}
	for _, v := range ticket.Verdicts() {
		list = append(list, trial{"the client says " + v.String(), says(v, soon)})
	}
	return append(list, trial{"the client says not_solved half a year later", says(ticket.VerdictNotSolved, late)})
}

func labels() ticket.Params {
	return ticket.Params{Classify: &ticket.ClassifyParams{Fields: map[string]any{"a": 1}}}
}

func fromStaff(p ticket.Process, at time.Time) []trial {
	list := []trial{
		{"an agent answers", writes(ticket.AgentResponse, anAgent, at)},
		{"an agent notes something", writes(ticket.Note, anAgent, at)},
		{"an agent opens it once more", writes(ticket.Create, anAgent, at)},
		{"an agent raises it a tier", bare(ticket.Escalate, anAgent, at)},
		{"the operator raises it a tier", bare(ticket.Escalate, ticket.Operator, at)},
		{"an agent hands it over", with(bare(ticket.Escalate, anAgent, at), ticket.Params{Escalate: &ticket.EscalateParams{Desk: "issues", Child: 1002}})},
		{"an agent takes the hand-over back", bare(ticket.Recall, anAgent, at)},
		{"a lead closes it", bare(ticket.Close, aLead, at)},
		{"a lead restores it", bare(ticket.Restore, aLead, at)},
		{"a lead deletes it", bare(ticket.Delete, aLead, at)},
		{"an admin erases it", bare(ticket.Delete, anAdmin, at)},
	}
	return slices.Concat(list, holds(at), resolves(at), classifies(at), assigns(p, at))
}

func classifies(at time.Time) []trial {
	sets := func(says string, c ticket.ClassifyParams) trial {
		return trial{says, with(bare(ticket.Classify, anAgent, at), ticket.Params{Classify: &c})}
	}
	title := "printer"
	return []trial{
		sets("an agent labels it", ticket.ClassifyParams{Tags: &[]string{"printer"}}),
		sets("an agent gives it a title", ticket.ClassifyParams{Title: &title}),
		sets("an agent makes it urgent", ticket.ClassifyParams{Priority: ticket.Urgent}),
		sets("an agent weighs it", ticket.ClassifyParams{Impact: ticket.LevelHigh, Urgency: ticket.LevelHigh}),
		sets("an agent says only how much it hurts", ticket.ClassifyParams{Impact: ticket.LevelHigh}),
	}
}

// aboutOthers lists what concerns a second ticket.
func aboutOthers(p ticket.Process, at time.Time) []trial {
	merges := func(m ticket.MergeParams) ticket.Command {
		return with(bare(ticket.Merge, anAgent, at), ticket.Params{Merge: &m})
	}
	links := func(n ticket.Number) ticket.Command {
		return with(bare(ticket.LinkTo, anAgent, at), ticket.Params{Link: &ticket.LinkParams{Number: n, Kind: "related"}})
	}
	in := func(unanswered bool, at time.Time) ticket.Command {
		return with(bare(ticket.MergeIn, ticket.System, at), ticket.Params{MergeIn: &ticket.MergeInParams{From: 1003, Unanswered: unanswered}})
	}
	return []trial{
		{"an agent merges it", merges(ticket.MergeParams{Into: 1003, TargetState: ticket.Open})},
		{"an agent merges it into another", merges(ticket.MergeParams{Into: 1004, TargetState: ticket.Resolved})},
		{"an agent merges it into a closed ticket", merges(ticket.MergeParams{Into: 1003, TargetState: ticket.Closed})},
		{"an agent merges it into one that is merged into it", merges(ticket.MergeParams{Into: 1003, TargetState: ticket.Merged, Ring: true})},
		{"an agent takes the merge back", bare(ticket.Unmerge, anAgent, at)},
		{"another ticket is merged into it", in(false, at)},
		{"a ticket whose client waits is merged into it", in(true, at)},
		{"a ticket whose client waits is merged into it half a year later", in(true, at.Add(180*24*time.Hour))},
		{"an agent links it", links(1003)},
		{"an agent links it to itself", links(p.Number)},
	}
}

// aboutMessages lists what is done to single messages, and promises.
func aboutMessages(p ticket.Process, at time.Time, before *ticket.Process) []trial {
	promises := func(due time.Time) ticket.Command {
		return with(bare(ticket.Promise, anAgent, at), ticket.Params{Promise: &ticket.PromiseParams{DueAt: due}})
	}
	moves := func(n ticket.Number, only bool) ticket.Command {
		return with(bare(ticket.Move, anAgent, at), ticket.Params{Move: &ticket.MoveParams{Message: "m", Into: n, Only: only}})
	}
	takes := func(queued bool) ticket.Command {
		return with(bare(ticket.Withdraw, anAgent, at), ticket.Params{Withdraw: &ticket.WithdrawParams{Message: "m", Queued: queued, Revision: p.Revision, Before: before}})
	}
	return []trial{
		{"an agent promises something for the day after tomorrow", promises(at.Add(48 * time.Hour))},
		{"an agent promises something for yesterday", promises(at.Add(-24 * time.Hour))},
		{"an agent splits a message off", with(bare(ticket.Split, anAgent, at), ticket.Params{Split: &ticket.SplitParams{Message: "m"}})},
		{"an agent splits off all that waited", with(bare(ticket.Split, anAgent, at), ticket.Params{Split: &ticket.SplitParams{Message: "m", Only: true}})},
		{"an agent moves a message", moves(1003, false)},
		{"an agent moves a message to where it is", moves(p.Number, false)},
		{"an agent takes a message back", takes(true)},
		{"an agent takes a message back that has left", takes(false)},
	}
}

// heldFor begins the words of a hold for each further reason.
const heldFor = "an agent puts it on hold for "

func holds(at time.Time) []trial {
	until, past := at.Add(48*time.Hour), at.Add(-time.Hour)
	hold := func(u *time.Time) ticket.Params {
		return ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient, Until: u}}
	}
	waits := func(r ticket.HoldReason, u *time.Time) ticket.Command {
		return with(bare(ticket.Hold, anAgent, at), ticket.Params{Hold: &ticket.HoldParams{Reason: r, Until: u}})
	}
	list := []trial{
		{"an agent puts it on hold", with(bare(ticket.Hold, anAgent, at), hold(nil))},
		{"an agent puts it on hold with an interim answer", with(writes(ticket.Hold, anAgent, at), hold(nil))},
		{"an agent puts it on hold for two days", with(bare(ticket.Hold, anAgent, at), hold(&until))},
		{"an agent puts it on hold until a day gone by", with(bare(ticket.Hold, anAgent, at), hold(&past))},
		{"the operator puts it on hold", bare(ticket.Hold, ticket.Operator, at)}, // internal
	}
	for _, r := range ticket.HoldReasons() {
		if r != ticket.HoldClient && r != ticket.HoldInternal {
			list = append(list, trial{heldFor + r.String(), waits(r, nil)}, trial{heldFor + r.String() + ", for two days", waits(r, &until)})
		}
	}
	return list
}

func resolves(at time.Time) []trial {
	list := []trial{
		{"an agent resolves it", bare(ticket.Resolve, anAgent, at)},
		{"an agent resolves it with a final answer", writes(ticket.Resolve, anAgent, at)},
		{"the operator resolves it", bare(ticket.Resolve, ticket.Operator, at)},
		{"an agent resolves it and says what solved it", with(writes(ticket.Resolve, anAgent, at), ticket.Params{Resolve: &ticket.ResolveParams{Solution: "restarted"}})},
		{"its parent takes the hand-over back", with(bare(ticket.Resolve, ticket.System, at), ticket.Params{Resolve: &ticket.ResolveParams{Category: ticket.CategoryOther, Recalled: true}})},
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

func fromDesk(p ticket.Process, at time.Time) []trial {
	failed := ticket.Params{Failed: &ticket.FailedParams{Delivery: "d", State: "failed"}}
	bounced := ticket.Params{Failed: &ticket.FailedParams{Delivery: "d", State: "bounced", Verified: true, Hard: true, Final: true}}
	reports := func(child ticket.Number, o ticket.ChildOutcome) ticket.Command {
		return with(writes(ticket.ChildReport, ticket.System, at), ticket.Params{Report: &ticket.ReportParams{Child: child, Outcome: o}})
	}
	list := []trial{
		{"its former child reports", reports(999, ticket.ChildResolved)},
		{"the final answer comes back for good", with(bare(ticket.DeliveryFailed, ticket.System, at), bounced)},
		{"the ticket that was handed over passes the client's words on", with(writes(ticket.ClientReply, aClient, at), ticket.Params{Reply: &ticket.ReplyParams{Copied: true}})},
		{"an automatic mail comes", writes(ticket.AutomaticMail, ticket.System, at)},
		{"a mail cannot be delivered", with(bare(ticket.DeliveryFailed, ticket.System, at), failed)},
		{"something unreadable comes by hand", bare(ticket.Unreadable, ticket.Operator, at)},
	}
	for _, o := range []ticket.ChildOutcome{ticket.ChildResolved, ticket.ChildHeld} {
		list = append(list, trial{fmt.Sprintf("its child is %s", o), reports(cmp.Or(p.Child.Number, 1002), o)})
	}
	return list
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
