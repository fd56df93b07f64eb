package lifecycle

import (
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// The words of stories: testdata/stories/README.md is for people who write them.

var staff = map[string]ticket.Actor{
	"client": aClient, "sato": anAgent, "tanaka": {Kind: ticket.ActorAgent, ID: "tanaka", Role: ticket.RoleAgent},
	"kato": aLead, "admin": anAdmin, "operator": ticket.Operator, "trigger": ticket.System, "desk": ticket.System,
	"child": ticket.System, "anna": aFullClient,
}

// when reads "at once", "mon 09:00" (of the first week), "+14d" (after the line before) or "when auto_close is due +1s".
func (x *teller) when(n ticket.Number, s string) time.Time {
	if s == "at once" {
		return x.now
	}
	if rest, ok := strings.CutPrefix(s, "when "); ok {
		kind, after, _ := strings.Cut(rest, " is due")
		k, running := x.tickets[n].p.Clock(kind)
		require.True(x.t, running && k.State == ticket.Running, "%s does not run", kind)
		if after = strings.TrimSpace(after); after == "" {
			return k.Due
		}
		return k.Due.Add(x.span(strings.TrimPrefix(after, "+")))
	}
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		return x.now.Add(x.span(rest))
	}
	day, clock, _ := strings.Cut(s, " ")
	at, err := time.Parse("15:04", clock)
	require.NoError(x.t, err)
	midnight := dayOne.Truncate(24 * time.Hour)
	days := map[string]int{"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}[day]
	out := midnight.AddDate(0, 0, days).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
	require.False(x.t, out.Before(x.now), "%s is before the line before", s)
	return out
}

// span reads "14d", "36h", "1s".
func (x *teller) span(s string) time.Duration {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		require.NoError(x.t, err)
		return time.Duration(n) * 24 * time.Hour
	}
	d, err := time.ParseDuration(s)
	require.NoError(x.t, err)
	return d
}

// desk reads what is special about the desk.
func (x *teller) desk(s string) {
	words := strings.Fields(s)
	last := words[len(words)-1]
	switch strings.Join(words[:len(words)-1], " ") {
	case "reopens within":
		x.s.FollowUp, x.s.ReopenWithin = ticket.FollowUpReopenWithin, x.span(last)
	case "always":
		x.s.FollowUp = ticket.FollowUpReopen
	case "does not":
		x.s.Acknowledge = last != "acknowledge" && x.s.Acknowledge
		x.s.BreachEscalates = last != "escalate" && x.s.BreachEscalates
	case "measures", "measures only":
		x.measure(last)
	case "closes after working days":
		n, err := strconv.Atoi(last)
		require.NoError(x.t, err)
		x.s.AutoCloseDays = n
	case "keeps office hours in":
		for _, c := range offices() {
			if c.Key() == last {
				x.s.Calendar = c
			}
		}
		require.Equal(x.t, last, x.s.Calendar.Key())
	case "is an":
		t, known := ByName(strings.TrimSuffix(last, "-desk"))
		require.True(x.t, known, last)
		x.table = t
	case "writes at the end:":
		x.s.CloseMail = ticket.CloseMail(last)
	case "after a reply is":
		x.s.AfterReply = ticket.AfterReply(last)
	default:
		require.Fail(x.t, "no such desk", s)
	}
}

func (x *teller) measure(clock string) {
	if clock == "nothing" {
		s := plainSettings()
		x.s.FirstResponse, x.s.NextResponse, x.s.Resolution = ticket.Targets{}, s.NextResponse, s.Resolution
		return
	}
	for _, k := range ticket.ClockKinds() {
		if k.String() == clock {
			s := only(k)
			x.s.FirstResponse, x.s.NextResponse, x.s.Resolution = s.FirstResponse, s.NextResponse, s.Resolution
			return
		}
	}
	require.Fail(x.t, "no such clock", clock)
}

// command reads "sato holds until +2d for client and writes, having seen 3".
func (x *teller) command(n ticket.Number, s string) ticket.Command {
	s, seen, _ := strings.Cut(s, ", having seen ")
	s, wrote := strings.CutSuffix(s, " and writes")
	name, rest, _ := strings.Cut(s, " ")
	by, ok := staff[name]
	require.True(x.t, ok, "nobody is called %s", name)
	c := ticket.Command{ID: "story", At: x.now, By: by}
	verb := ""
	for v := range verbs {
		if (rest == v || strings.HasPrefix(rest, v+" ")) && len(v) > len(verb) {
			verb = v
		}
	}
	require.NotEmpty(x.t, verb, "nobody can do %q", rest)
	c.Kind = verbs[verb]
	if name == "child" {
		c.Kind = ticket.ChildReport
	}
	if seen != "" {
		n, err := strconv.ParseInt(seen, 10, 64)
		require.NoError(x.t, err)
		c.SeenRevision = n
	}
	if wrote || speaks[c.Kind] {
		c.Message = "m"
	}
	c.Params = x.params(n, c.Kind, verb, strings.Fields(rest[len(verb):]), by)
	return c
}

var speaks = map[ticket.Kind]bool{
	ticket.ClientReply: true, ticket.AgentResponse: true, ticket.Note: true, ticket.Create: true, ticket.AutomaticMail: true, ticket.ChildReport: true,
}

var verbs = map[string]ticket.Kind{
	"writes": ticket.ClientReply, "logs": ticket.ClientReply, "answers": ticket.AgentResponse, "notes": ticket.Note, "opens": ticket.Create,
	"holds": ticket.Hold, "resolves": ticket.Resolve, "escalates": ticket.Escalate, "keeps": ticket.Assign, "assigns": ticket.Assign,
	"unassigns": ticket.Assign, "passes": ticket.Assign, "closes": ticket.Close, "restores": ticket.Restore, "deletes": ticket.Delete,
	"files": ticket.AutomaticMail, "reports": ticket.DeliveryFailed, "mumbles": ticket.Unreadable,
	"hands over": ticket.Escalate, "recalls": ticket.Recall, "says": ticket.ClientVerdict, "rates": ticket.Feedback, "classifies": ticket.Classify,
	"merges": ticket.Merge, "unmerges": ticket.Unmerge, "links": ticket.LinkTo, "promises": ticket.Promise, "splits off": ticket.Split,
	"moves": ticket.Move, "withdraws": ticket.Withdraw, "takes in": ticket.MergeIn,
}

// sorted sorts words: those behind a preposition by it, the others in one string.
func sorted(args []string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(args); i++ {
		switch w := args[i]; w {
		case "to", "for", "as", "by", "until", "in", "into", "within", "of", "with", "priority", "impact", "urgency", "title", "tags":
			if i+1 < len(args) {
				out[w] = args[i+1]
				i++
			}
		default:
			out[""] = strings.TrimSpace(out[""] + " " + w)
		}
	}
	return out
}

func (x *teller) params(n ticket.Number, k ticket.Kind, verb string, args []string, by ticket.Actor) (p ticket.Params) {
	said := sorted(args)
	to, none := said["to"], ""
	switch k { //nolint:exhaustive // the rest have none
	case ticket.ClientReply:
		if said["by"] != "" {
			p.Reply = &ticket.ReplyParams{Channel: word(x, ticket.ParseChannel, said["by"])}
		}
	case ticket.Create:
		p.Create = &ticket.CreateParams{Owner: said["for"], Group: said["in"], Impact: level(x, said["impact"]), Urgency: level(x, said["urgency"])}
	case ticket.Hold:
		p.Hold = x.hold(said, by)
	case ticket.Resolve:
		if said["as"] != "" || said["by"] != "" {
			p.Resolve = &ticket.ResolveParams{Category: word(x, ticket.ParseCategory, said["as"]), Solution: said["by"]}
		}
	case ticket.Escalate:
		p.Escalate = &ticket.EscalateParams{Group: to}
		if verb == "hands over" {
			p.Escalate = &ticket.EscalateParams{Desk: to, Child: n + 100 + ticket.Number(len(x.order))}
		}
	case ticket.Assign:
		p.Assign = map[string]*ticket.AssignParams{
			"keeps": {Owner: &by.ID}, "assigns": {Owner: &to}, "unassigns": {Owner: &none}, "passes": {Group: &to},
		}[verb]
	case ticket.DeliveryFailed:
		p.Failed = &ticket.FailedParams{Delivery: "d", State: "failed"}
		if strings.Contains(said[""], "bounce") {
			p.Failed = &ticket.FailedParams{Delivery: "d", State: "bounced", Verified: true, Hard: true, Final: said["of"] != "interim"}
		}
	default:
		x.more(&p, n, k, said)
	}
	return p
}

// more reads what concerns other tickets, messages and labels.
func (x *teller) more(p *ticket.Params, n ticket.Number, k ticket.Kind, said map[string]string) {
	of := x.tickets[n]
	switch k { //nolint:exhaustive // the rest have none
	case ticket.ClientVerdict:
		var v ticket.Verdict
		require.NoError(x.t, v.UnmarshalText([]byte(said[""])))
		p.Verdict = &ticket.VerdictParams{Verdict: v}
	case ticket.Feedback:
		p.Feedback = &ticket.FeedbackParams{Rating: int(x.number(said[""]))}
	case ticket.Classify:
		p.Classify = &ticket.ClassifyParams{Priority: word(x, ticket.ParsePriority, said["priority"]), Impact: level(x, said["impact"]), Urgency: level(x, said["urgency"])}
		if said["title"] != "" {
			title := said["title"]
			p.Classify.Title = &title
		}
		if said["tags"] != "" {
			p.Classify.Tags = &[]string{said["tags"]}
		}
		if said[""] == "fields" {
			p.Classify.Fields = map[string]any{"floor": 3}
		}
	case ticket.Merge:
		p.Merge = &ticket.MergeParams{Into: x.number(said["into"])}
		if other := x.tickets[p.Merge.Into]; other != nil {
			p.Merge.TargetState, p.Merge.Ring = other.p.State, other.p.Survivor == n
		}
	case ticket.MergeIn:
		p.MergeIn = &ticket.MergeInParams{From: 1090, Unanswered: strings.Contains(said[""], "waits")}
	case ticket.LinkTo:
		p.Link = &ticket.LinkParams{Number: x.number(said["to"]), Kind: "related"}
	case ticket.ChildReport:
		var o ticket.ChildOutcome
		require.NoError(x.t, o.UnmarshalText([]byte(said[""])))
		p.Report = &ticket.ReportParams{Child: 999, Outcome: o}
	case ticket.Promise:
		p.Promise = &ticket.PromiseParams{DueAt: x.now.Add(x.span(said["within"]))}
	case ticket.Split:
		p.Split = &ticket.SplitParams{Message: "m", Only: strings.Contains(said[""], "all")}
	case ticket.Move:
		p.Move = &ticket.MoveParams{Message: "m", Into: x.number(said["to"]), Only: said["with"] == "all"}
	case ticket.Withdraw:
		before := of.before
		p.Withdraw = &ticket.WithdrawParams{Message: "m", Queued: !strings.Contains(said[""], "late"), Revision: of.wrote, Before: &before}
	}
}

func (x *teller) number(s string) ticket.Number {
	n, err := strconv.ParseInt(s, 10, 64)
	require.NoError(x.t, err)
	return ticket.Number(n)
}

// word reads a word of ticket's, or none.
func word[T any](x *teller, parse func(string) (T, error), s string) (v T) {
	if s == "" {
		return v
	}
	v, err := parse(s)
	require.NoError(x.t, err)
	return v
}

func level(x *teller, s string) (l ticket.Level) {
	require.NoError(x.t, l.UnmarshalText([]byte(s)))
	return l
}

func (x *teller) hold(said map[string]string, by ticket.Actor) *ticket.HoldParams {
	if len(said) == 0 && by.Kind == ticket.ActorOperator {
		return nil // a bare signal
	}
	h := ticket.HoldParams{Reason: ticket.HoldInternal}
	if said["for"] != "" {
		h.Reason = word(x, ticket.ParseHoldReason, said["for"])
	}
	if said["until"] != "" {
		until := x.now.Add(x.span(strings.TrimPrefix(said["until"], "+")))
		h.Until = &until
	}
	return &h
}
