package lifecycle

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"duradesk/calendar"
	"duradesk/ticket"
)

// What random stories are made of: policies, and parameters that need not make sense.

// offices are calendars with hours: one east, one west of the change to summer time.
var offices = sync.OnceValue(func() []calendar.Calendar {
	out := []calendar.Calendar{calendar.Always}
	for _, zone := range []string{"Asia/Tokyo", "Europe/Berlin"} {
		c, err := calendar.New(calendar.Spec{Key: zone, Version: 3, Zone: zone, Week: workweek("09:00-12:00", "13:00-17:30")})
		if err != nil {
			panic(err)
		}
		out = append(out, c)
	}
	return out
})

func workweek(hours ...string) (week [7][]calendar.Interval) {
	for day := time.Monday; day <= time.Friday; day++ {
		for _, h := range hours {
			i, err := calendar.ParseInterval(h)
			if err != nil {
				panic(err)
			}
			week[day] = append(week[day], i)
		}
	}
	return week
}

func policies() *rapid.Generator[Policy] {
	return rapid.Custom(func(r *rapid.T) Policy {
		span := rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour, 14 * 24 * time.Hour})
		targets := rapid.Custom(func(r *rapid.T) ticket.Targets {
			return ticket.Targets{Low: span.Draw(r, "low"), Normal: span.Draw(r, "normal"), High: span.Draw(r, "high"), Urgent: span.Draw(r, "urgent")}
		})
		reasons := rapid.SliceOfN(rapid.SampledFrom(ticket.HoldReasons()), 0, 3)
		return Policy{Calendar: rapid.SampledFrom(offices()).Draw(r, "calendar"), Settings: ticket.Settings{
			Version: 1, FirstResponse: targets.Draw(r, "first response"), NextResponse: targets.Draw(r, "next response"), Resolution: targets.Draw(r, "resolution"),
			WarnAt:       rapid.SampledFrom([]int{0, 1, 75, 99, 100}).Draw(r, "warn at"),
			Pauses:       ticket.Pauses{FirstResponse: reasons.Draw(r, "p1"), NextResponse: reasons.Draw(r, "p2"), Resolution: reasons.Draw(r, "p3")},
			HandOverDays: rapid.IntRange(0, 3).Draw(r, "hand over"), AutoClose: span.Draw(r, "auto close"), AutoCloseDays: rapid.IntRange(0, 2).Draw(r, "auto close days"),
			SpamRetention:   span.Draw(r, "retention"),
			FollowUp:        rapid.SampledFrom([]ticket.FollowUp{ticket.FollowUpLinked, ticket.FollowUpReopenWithin, ticket.FollowUpReopen, "nonsense"}).Draw(r, "follow up"),
			ReopenWithin:    span.Draw(r, "reopen within"),
			AfterReply:      rapid.SampledFrom([]ticket.AfterReply{"", ticket.AfterReplyOpen, ticket.AfterReplyNew, ticket.AfterReplyStay, "nonsense"}).Draw(r, "after reply"),
			BreachEscalates: rapid.Bool().Draw(r, "escalates"), Acknowledge: rapid.Bool().Draw(r, "acknowledge"),
			CloseMail: rapid.SampledFrom([]ticket.CloseMail{"", ticket.CloseMailClosed, ticket.CloseMailFeedback, "nonsense"}).Draw(r, "close mail"),
		}}
	})
}

func params(p ticket.Process, now time.Time) *rapid.Generator[ticket.Params] {
	return rapid.Custom(func(r *rapid.T) ticket.Params {
		out := ticket.Params{Problem: rapid.SampledFrom([]string{"", "", "", "", "malformed"}).Draw(r, "problem")}
		if rapid.Bool().Draw(r, "full") {
			work(r, &out, now)
			cross(r, &out, p)
		}
		return out
	})
}

var (
	keys    = rapid.SampledFrom([]string{"", long("sato"), long("tanaka"), long("group")})
	numbers = rapid.SampledFrom([]ticket.Number{0, 999, 1001, 1002, 1_000_003})
	texts   = rapid.SampledFrom([]string{"", "m"})
)

// instants are around now, and up to eleven days later.
func instants(now time.Time) *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(-1e14, 1e15), func(n int64) time.Time { return now.Add(time.Duration(n)) })
}

// work fills in what is about this ticket.
func work(r *rapid.T, p *ticket.Params, now time.Time) {
	maybe := func(name string) *string { return rapid.Ptr(keys, true).Draw(r, name) }
	level := func(name string) ticket.Level { return ticket.Level(rapid.IntRange(0, 3).Draw(r, name)) }
	p.Create = &ticket.CreateParams{Group: keys.Draw(r, "group"), Owner: keys.Draw(r, "owner"), Parent: numbers.Draw(r, "parent"), Impact: level("i"), Urgency: level("u")}
	p.Hold = &ticket.HoldParams{Reason: ticket.HoldReason(rapid.IntRange(0, 4).Draw(r, "reason")), Until: rapid.Ptr(instants(now), true).Draw(r, "until")}
	p.Resolve = &ticket.ResolveParams{Category: ticket.Category(rapid.IntRange(0, 7).Draw(r, "category")), Solution: texts.Draw(r, "solution"), Recalled: rapid.Bool().Draw(r, "recalled")}
	p.Assign = &ticket.AssignParams{Group: maybe("assigned group"), Owner: maybe("assigned owner")}
	p.Reply = &ticket.ReplyParams{Mute: rapid.Bool().Draw(r, "mute"), Copied: rapid.Bool().Draw(r, "copied")}
	p.Classify = &ticket.ClassifyParams{Priority: ticket.Priority(rapid.IntRange(0, 4).Draw(r, "priority")), Impact: level("impact"), Urgency: level("urgency"), Title: maybe("title")}
	p.Verdict = &ticket.VerdictParams{Verdict: ticket.Verdict(rapid.IntRange(0, 3).Draw(r, "verdict"))}
	p.Promise = &ticket.PromiseParams{DueAt: instants(now).Draw(r, "promised")}
	p.Feedback = &ticket.FeedbackParams{Rating: rapid.IntRange(-1, 7).Draw(r, "rating")}
	p.Timer = &ticket.TimerParams{Clock: fmt.Sprint(rapid.SampledFrom(ticket.ClockKinds()).Draw(r, "clock")), Due: now, Generation: rapid.IntRange(0, 3).Draw(r, "generation")}
}

// cross fills in what is about other tickets and messages.
func cross(r *rapid.T, p *ticket.Params, of ticket.Process) {
	p.Escalate = &ticket.EscalateParams{Group: keys.Draw(r, "to"), Desk: keys.Draw(r, "desk"), Child: numbers.Draw(r, "child")}
	p.Merge = &ticket.MergeParams{Into: numbers.Draw(r, "into"), TargetState: ticket.State(rapid.IntRange(0, 11).Draw(r, "target")), Ring: rapid.Bool().Draw(r, "ring")}
	p.MergeIn = &ticket.MergeInParams{From: numbers.Draw(r, "from"), Unanswered: rapid.Bool().Draw(r, "unanswered")}
	p.Link = &ticket.LinkParams{Number: numbers.Draw(r, "link"), Kind: "related"}
	p.Report = &ticket.ReportParams{Child: numbers.Draw(r, "reporter"), Outcome: ticket.ChildOutcome(rapid.IntRange(0, 3).Draw(r, "outcome"))}
	p.Split = &ticket.SplitParams{Message: texts.Draw(r, "split"), Only: rapid.Bool().Draw(r, "only")}
	p.Move = &ticket.MoveParams{Message: texts.Draw(r, "move"), Into: numbers.Draw(r, "move into"), Only: p.Split.Only}
	p.Withdraw = &ticket.WithdrawParams{Message: texts.Draw(r, "withdraw"), Queued: rapid.Bool().Draw(r, "queued"), Revision: of.Revision - rapid.Int64Range(0, 1).Draw(r, "came after")}
	p.Failed = &ticket.FailedParams{Delivery: "d", State: "bounced", Verified: rapid.Bool().Draw(r, "verified"), Hard: true, Final: true}
}

// TestTheMatrixOfAnIncident is G1-G4 by hand: how much it hurts, and how soon it must be mended.
func TestTheMatrixOfAnIncident(t *testing.T) {
	t.Parallel()
	for i, line := range []string{"low low normal", "low normal high", "normal high urgent"} {
		var low, medium, high string
		_, err := fmt.Sscan(line, &low, &medium, &high)
		require.NoError(t, err)
		for j, want := range []string{low, medium, high} {
			require.Equal(t, want, byImpact(ticket.Level(i+1), ticket.Level(j+1)).String())
		}
	}
	require.Equal(t, ticket.NoPriority, byImpact(ticket.LevelHigh, ticket.NoLevel))
}
