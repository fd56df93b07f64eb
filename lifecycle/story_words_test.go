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
}

// when reads "mon 09:00" (of the first week), "+14d" (after the line before) or "when auto_close is due +1s".
func (x *teller) when(s string) time.Time {
	if rest, ok := strings.CutPrefix(s, "when "); ok {
		kind, after, _ := strings.Cut(rest, " is due")
		k, running := x.p.Clock(kind)
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
	default:
		require.Fail(x.t, "no such desk", s)
	}
}

// command reads "sato holds until +2d for client and writes, having seen 3".
func (x *teller) command(s string) ticket.Command {
	s, seen, _ := strings.Cut(s, ", having seen ")
	s, wrote := strings.CutSuffix(s, " and writes")
	words := strings.Fields(s)
	by, ok := staff[words[0]]
	require.True(x.t, ok, "nobody is called %s", words[0])
	c := ticket.Command{ID: "story", At: x.now, By: by}
	verb, args := words[1], words[2:]
	kind, known := verbs[verb]
	require.True(x.t, known, "nobody can do %q", verb)
	c.Kind = kind
	if seen != "" {
		n, err := strconv.ParseInt(seen, 10, 64)
		require.NoError(x.t, err)
		c.SeenRevision = n
	}
	if wrote || speaks[c.Kind] {
		c.Message = "m"
	}
	c.Params = x.params(verb, args, by)
	return c
}

var speaks = map[ticket.Kind]bool{ticket.ClientReply: true, ticket.AgentResponse: true, ticket.Note: true, ticket.Create: true, ticket.AutomaticMail: true}

var verbs = map[string]ticket.Kind{
	"writes": ticket.ClientReply, "logs": ticket.ClientReply, "answers": ticket.AgentResponse, "notes": ticket.Note, "opens": ticket.Create,
	"holds": ticket.Hold, "resolves": ticket.Resolve, "escalates": ticket.Escalate, "keeps": ticket.Assign, "assigns": ticket.Assign,
	"unassigns": ticket.Assign, "passes": ticket.Assign, "closes": ticket.Close, "restores": ticket.Restore, "deletes": ticket.Delete,
	"files": ticket.AutomaticMail, "reports": ticket.DeliveryFailed, "mumbles": ticket.Unreadable,
}

// params reads pairs of words: until X, for X, as X, to X.
func (x *teller) params(verb string, args []string, by ticket.Actor) ticket.Params {
	said := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		said[args[i]] = args[i+1]
	}
	to, none := said["to"], ""
	switch verb {
	case "writes":
		if said["by"] == "" {
			return ticket.Params{}
		}
		k, err := ticket.ParseChannel(said["by"])
		require.NoError(x.t, err)
		return ticket.Params{Reply: &ticket.ReplyParams{Channel: k}}
	case "opens":
		return ticket.Params{Create: &ticket.CreateParams{Owner: said["for"], Group: said["in"]}}
	case "holds":
		return x.hold(said, by)
	case "resolves":
		if said["as"] == "" {
			return ticket.Params{}
		}
		k, err := ticket.ParseCategory(said["as"])
		require.NoError(x.t, err)
		return ticket.Params{Resolve: &ticket.ResolveParams{Category: k}}
	case "escalates":
		return ticket.Params{Escalate: &ticket.EscalateParams{Group: to}}
	case "keeps":
		return ticket.Params{Assign: &ticket.AssignParams{Owner: &by.ID}}
	case "assigns":
		return ticket.Params{Assign: &ticket.AssignParams{Owner: &to}}
	case "unassigns":
		return ticket.Params{Assign: &ticket.AssignParams{Owner: &none}}
	case "passes":
		return ticket.Params{Assign: &ticket.AssignParams{Group: &to}}
	case "reports":
		return ticket.Params{Failed: &ticket.FailedParams{Delivery: "d", State: "failed"}}
	}
	return ticket.Params{}
}

func (x *teller) hold(said map[string]string, by ticket.Actor) ticket.Params {
	if len(said) == 0 && by.Kind == ticket.ActorOperator {
		return ticket.Params{} // a bare signal
	}
	h := ticket.HoldParams{Reason: ticket.HoldInternal}
	if said["for"] != "" {
		r, err := ticket.ParseHoldReason(said["for"])
		require.NoError(x.t, err)
		h.Reason = r
	}
	if said["until"] != "" {
		until := x.now.Add(x.span(strings.TrimPrefix(said["until"], "+")))
		h.Until = &until
	}
	return ticket.Params{Hold: &h}
}
