package model

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// A storm holds the desk to the model, and takes minutes to come upon what is seldom. Hundreds of lives, of commands as people
// in a storm send them, hold the rules to it in a moment.
func TestModelAgreesWithLives(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		l := life{
			r: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC),
			p: ticket.Process{Number: 1001, Ticket: "0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e", Desk: "support", Policy: 1, Priority: ticket.Normal, Channel: ticket.ChannelMail},
		}
		l.opens()
		for range 40 {
			if agrees, told := l.goesOn(); !agrees {
				require.Fail(t, "the model and the rules differ", "seed %d:%s", seed, told)
			}
		}
	}
}

// life is one ticket's, once by the rules and once by the model.
type life struct {
	r    *rand.Rand
	now  time.Time
	p    ticket.Process
	m    Ticket
	told string
}

var policy = lifecycle.RoundTheClock(ticket.DefaultSettings())

func (l *life) opens() {
	if l.r.IntN(2) == 0 {
		l.both(ticket.Command{Kind: ticket.ClientReply, By: aClient, Message: "m"}, Command{Message: true})
		return
	}
	l.both(ticket.Command{Kind: ticket.Create, By: l.agent(), Message: "m", Params: ticket.Params{Create: &ticket.CreateParams{}}}, Command{Message: true})
}

var aClient = ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}

func (l *life) agent() ticket.Actor {
	return []ticket.Actor{
		{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}, {Kind: ticket.ActorAgent, ID: "mori", Role: ticket.RoleAgent}, {Kind: ticket.ActorAgent, ID: "kato", Role: ticket.RoleLead},
	}[l.r.IntN(3)]
}

// both let the ticket answer a command, and tell whether they answer the same.
func (l *life) both(c ticket.Command, asked Command) bool {
	l.now = l.now.Add(time.Second)
	if c.At.IsZero() {
		c.At = l.now
	}
	c.ID, c.Seq = fmt.Sprint("c", l.p.Seq+1), l.p.Seq+1
	d := lifecycle.Inquiry.Apply(l.p, c, policy)
	l.p = d.Process
	asked.Name, asked.By, asked.Agent = c.Kind.String(), c.By.ID, c.By.Kind == ticket.ActorAgent
	outcome := l.m.Take(asked)
	l.told += fmt.Sprintf("\n%s %s%s by %q: the rules %s (%s), %s of %q; the model %s, %s of %q", asked.Name, asked.Category, asked.Verdict, c.By.ID, d.Answer, d.Reason, l.p.State, l.p.Owner, outcome, l.m.State, l.m.owner)
	owned := l.m.in(merged, spam, closed, deleted) || l.p.Owner == l.m.owner
	return outcome == d.Answer.String() && l.p.State.String() == l.m.State && l.p.Tier == l.m.Tier && owned
}

func (l *life) goesOn() (bool, string) {
	c, asked := l.draws()
	if c.Kind == ticket.NoKind {
		return true, ""
	}
	return l.both(c, asked), l.told
}

// draws a command as people in a storm do, or what the desk itself says.
func (l *life) draws() (ticket.Command, Command) {
	by := l.agent()
	c, asked := ticket.Command{By: by}, Command{}
	words := func() { c.Message, asked.Message = fmt.Sprint("m", l.p.Seq), true }
	if l.r.IntN(2) == 0 {
		words()
	}
	switch l.r.IntN(18) {
	case 0:
		c.Kind = ticket.AgentResponse
		words()
	case 1:
		c.Kind, c.Params.Hold = ticket.Hold, &ticket.HoldParams{Reason: ticket.HoldInternal}
	case 2:
		until := l.now.Add(5 * time.Second)
		c.Kind, c.Params.Hold = ticket.Hold, &ticket.HoldParams{Reason: ticket.HoldScheduled, Until: &until}
	case 3:
		c.Kind, c.Params.Resolve = ticket.Resolve, &ticket.ResolveParams{}
	case 4:
		category := []ticket.Category{ticket.CategoryOther, ticket.CategoryTest, ticket.CategorySpam}[l.r.IntN(3)]
		c.Kind, c.Params.Resolve, asked.Category = ticket.Resolve, &ticket.ResolveParams{Category: category}, category.String()
	case 5, 6:
		owner := []string{"", by.ID}[l.r.IntN(2)]
		c.Kind, c.Params.Assign, asked.Owner = ticket.Assign, &ticket.AssignParams{Owner: &owner}, &owner
	case 7:
		c.Kind, c.Params.Escalate = ticket.Escalate, &ticket.EscalateParams{Group: "support"}
	case 8:
		c.Kind, c.Params.Escalate, asked.Desk = ticket.Escalate, &ticket.EscalateParams{Desk: "works", Child: 2000 + ticket.Number(l.m.HandOvers)}, true
	case 9:
		c.Kind = ticket.Recall
	case 10, 11:
		c.Kind, c.By = ticket.ClientReply, aClient
		words()
	case 12:
		return l.leads()
	default:
		return l.seldom()
	}
	return c, asked
}

// leads is what only a lead asks.
func (l *life) leads() (ticket.Command, Command) {
	kind := []ticket.Kind{ticket.Close, ticket.Restore, ticket.Unmerge, ticket.Restore, ticket.Unmerge}[l.r.IntN(5)]
	return ticket.Command{Kind: kind, By: ticket.Actor{Kind: ticket.ActorAgent, ID: "kato", Role: ticket.RoleLead}}, Command{}
}

func (l *life) seldom() (ticket.Command, Command) {
	c, asked := ticket.Command{By: l.agent()}, Command{}
	switch l.r.IntN(8) {
	case 0:
		c.Kind, c.Params.Merge = ticket.Merge, &ticket.MergeParams{Into: 1009, TargetState: ticket.Open}
	case 1:
		verdict := []ticket.Verdict{ticket.VerdictSolved, ticket.VerdictNotSolved}[l.r.IntN(2)]
		c.Kind, c.By, c.Params.Verdict, asked.Verdict = ticket.ClientVerdict, aClient, &ticket.VerdictParams{Verdict: verdict}, verdict.String()
	case 2:
		c.Kind, c.Params.Classify, asked.TagsOnly = ticket.Classify, &ticket.ClassifyParams{AddTags: []string{"x"}}, true
	case 3:
		c.Kind, c.Params.Promise = ticket.Promise, &ticket.PromiseParams{DueAt: l.now.Add(time.Hour)}
	case 4:
		c.Kind, c.Message, asked.Message = ticket.Note, "m", true
	case 5:
		c.Kind, c.By, c.Params.Report, asked.LastChild = ticket.ChildReport, ticket.System, &ticket.ReportParams{Child: l.p.Child.Number, Outcome: ticket.ChildResolved}, true
	case 6:
		c.Kind, c.By, c.Params.Failed, asked.HardEnd = ticket.DeliveryFailed, ticket.System, &ticket.FailedParams{Verified: true, Hard: true, Final: true}, true
	default:
		return l.rings(), Command{}
	}
	return c, asked
}

// rings is the clock that wakes or closes the ticket, if one runs.
func (l *life) rings() ticket.Command {
	for _, k := range l.p.Clocks {
		if k.State == ticket.Running && (k.Kind == ticket.Wake || k.Kind == ticket.AutoClose) {
			return lifecycle.TimerCommand(l.p.Number, k)
		}
	}
	return ticket.Command{}
}
