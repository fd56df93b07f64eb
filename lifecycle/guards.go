package lifecycle

import "duradesk/ticket"

// facts are all that a guard may look at.
type facts struct {
	p ticket.Process
	c ticket.Command
	s Policy
}

// Guard is a condition with a name that people read in the matrix.
type Guard struct {
	Name  string
	Holds func(facts) bool
}

// both holds where two conditions hold.
func both(a, b Guard) Guard {
	return Guard{a.Name + ", and " + b.Name, func(x facts) bool { return a.Holds(x) && b.Holds(x) }}
}

var (
	// opening: the command that opens the ticket.
	opening = Guard{"it opens the ticket", func(x facts) bool { return x.p.Revision == 0 }}
	// openingWithOwner: an agent opens a ticket and names who owns it.
	openingWithOwner = Guard{"it opens the ticket and names an owner", func(x facts) bool {
		return x.p.Revision == 0 && x.c.Params.Create != nil && x.c.Params.Create.Owner != ""
	}}
	wantsAck = Guard{"it opens the ticket and may be acknowledged", func(x facts) bool {
		return x.p.Revision == 0 && x.s.Acknowledge && x.c.By.Kind == ticket.ActorClient &&
			(x.c.Params.Reply == nil || !x.c.Params.Reply.Mute)
	}}
	withMessage = Guard{"with a message", func(x facts) bool { return x.c.Message != "" }}
	asSpam      = Guard{"category spam", func(x facts) bool { return category(x) == ticket.CategorySpam }}
	internally  = Guard{"with a category", func(x facts) bool { return category(x) != ticket.NoCategory }}
	sameReason  = Guard{"same category", func(x facts) bool {
		return category(x) != ticket.NoCategory && category(x) == x.p.Category && x.c.Message == ""
	}}
	abuseOrTest = Guard{"category abuse or test", func(x facts) bool {
		return x.p.Category == ticket.CategoryAbuse || x.p.Category == ticket.CategoryTest
	}}
	untilPast = Guard{"wake time is past", func(x facts) bool {
		h := x.c.Params.Hold
		return h != nil && h.Until != nil && !h.Until.After(x.c.At)
	}}
	keptByLead = Guard{"a trigger assigned it and the asker is no lead", func(x facts) bool {
		return x.p.Triggered && x.c.By.Role < ticket.RoleLead && x.c.By.Kind != ticket.ActorSystem
	}}
	nothingNew = Guard{"nothing would change", func(x facts) bool {
		a := x.c.Params.Assign
		return a == nil || ((a.Owner == nil || *a.Owner == x.p.Owner) && (a.Group == nil || *a.Group == x.p.Group))
	}}
	toOwner = Guard{"to an owner", func(x facts) bool {
		return x.c.Params.Assign != nil && x.c.Params.Assign.Owner != nil && *x.c.Params.Assign.Owner != ""
	}}
	unassigns = Guard{"without owner", func(x facts) bool {
		return x.c.Params.Assign != nil && x.c.Params.Assign.Owner != nil && *x.c.Params.Assign.Owner == ""
	}}
	writesAtTheEnd = Guard{"the desk writes when it closes", func(x facts) bool {
		return x.s.CloseMail == ticket.CloseMailClosed || x.s.CloseMail == ticket.CloseMailFeedback
	}}
	mayReopen = Guard{"the desk reopens closed tickets", func(x facts) bool {
		switch x.s.FollowUp {
		case ticket.FollowUpReopen:
			return true
		case ticket.FollowUpReopenWithin:
			return x.c.At.Before(x.p.Closed.Add(x.s.ReopenWithin))
		case ticket.FollowUpLinked:
			return false
		}
		return false
	}}
	mayReopenFor = both(notSolved, mayReopen)
	copied       = Guard{"passed on by the ticket that was handed over", func(x facts) bool { return x.c.Params.Reply != nil && x.c.Params.Reply.Copied }}
	// E20: where a client's reply leads.
	backToQueue = Guard{"replies go back to the queue", func(x facts) bool { return x.s.AfterReply == ticket.AfterReplyNew }}
	replyStays  = Guard{"replies leave the state as it is", func(x facts) bool { return x.s.AfterReply == ticket.AfterReplyStay }}

	toDesk   = Guard{"to an issue desk", func(x facts) bool { return x.c.Params.Escalate != nil && x.c.Params.Escalate.Desk != "" }}
	itsChild = Guard{"it is about the present hand-over", func(x facts) bool {
		return x.p.Child.Number == 0 || x.c.Params.Report.Child == x.p.Child.Number
	}}
	itsOpenChild = Guard{"it is about an open hand-over", func(x facts) bool { return pending(x.p) && itsChild.Holds(x) }}

	solved    = Guard{"solved", func(x facts) bool { return x.c.Params.Verdict.Verdict == ticket.VerdictSolved }}
	notSolved = Guard{"not solved", func(x facts) bool { return x.c.Params.Verdict.Verdict == ticket.VerdictNotSolved }}

	wouldRing = Guard{"it would be merged into itself", func(x facts) bool {
		return x.c.Params.Merge.Ring || x.c.Params.Merge.Into == x.p.Number
	}}
	sameSurvivor = Guard{"merged into it", func(x facts) bool { return x.c.Params.Merge.Into == x.p.Survivor }}
	targetEnded  = Guard{"the other ticket has ended", func(x facts) bool {
		s := x.c.Params.Merge.TargetState
		return s != ticket.NoState && !s.Live() && s != ticket.Resolved
	}}
	unanswered       = Guard{"it brings words that wait for an answer", func(x facts) bool { return x.c.Params.MergeIn.Unanswered }}
	unansweredReopen = both(unanswered, mayReopen)

	toItself    = Guard{"to itself", func(x facts) bool { return x.c.Params.Link.Number == x.p.Number }}
	intoItself  = Guard{"into itself", func(x facts) bool { return x.c.Params.Move.Into == x.p.Number }}
	duePast     = Guard{"due time is past", func(x facts) bool { return !x.c.Params.Promise.DueAt.After(x.c.At) }}
	twoPromises = Guard{"two promises are open", func(x facts) bool { return countPromises(x.p) >= promises }}
	onlyLabels  = Guard{"only tags and fields", func(x facts) bool { return x.c.Params.Classify.OnlyLabels() }}
	hardBounce  = Guard{"a verified hard bounce of the final answer", func(x facts) bool {
		f := x.c.Params.Failed
		return f != nil && f.Verified && f.Hard && f.Final
	}}
	withdrawable = Guard{"it has not left, and nothing came after", func(x facts) bool {
		w := x.c.Params.Withdraw
		if w.Before != nil && pending(*w.Before) && !pending(x.p) {
			return false // the hand-over was recalled with it, and the other desk has put it aside
		}
		return w.Queued && w.Before != nil && w.Before.Number == x.p.Number && w.Before.State != ticket.NoState && w.Revision == x.p.Revision
	}}

	// owed: the client waits, the first response is given, and no clock counts this wait yet.
	owed = Guard{"the client waits for more than the first response", func(x facts) bool {
		next, counted := x.p.Clock(ticket.NextResponse.String())
		first, has := x.p.Clock(ticket.FirstResponse.String())
		return x.p.Awaiting && !(has && first.Met.IsZero()) && !(counted && next.Met.IsZero())
	}}
	urgent = Guard{"priority urgent", func(x facts) bool { return x.p.Priority == ticket.Urgent }}

	// The incident desk.
	oneOfTwo = Guard{"only one of impact and urgency", func(x facts) bool {
		i, u := levels(x.c.Params)
		return (i == ticket.NoLevel) != (u == ticket.NoLevel)
	}}
	priorityByHand = Guard{"priority by hand", func(x facts) bool { return x.c.Params.Classify.Priority != ticket.NoPriority }}
	noSolution     = Guard{"no solution is recorded", func(x facts) bool {
		return category(x) == ticket.NoCategory && (x.c.Params.Resolve == nil || x.c.Params.Resolve.Solution == "")
	}}

	byAdmin = Guard{"asked by an admin", func(x facts) bool { return x.c.By.Role >= ticket.RoleAdmin }}
)

func category(x facts) ticket.Category {
	if x.c.Params.Resolve == nil {
		return ticket.NoCategory
	}
	return x.c.Params.Resolve.Category
}

// levels are the impact and urgency that a command names.
func levels(p ticket.Params) (impact, urgency ticket.Level) {
	switch {
	case p.Classify != nil:
		return p.Classify.Impact, p.Classify.Urgency
	case p.Create != nil:
		return p.Create.Impact, p.Create.Urgency
	}
	return ticket.NoLevel, ticket.NoLevel
}

func countPromises(p ticket.Process) int {
	n := 0
	for _, k := range p.Clocks {
		if k.Kind == ticket.Promised {
			n++
		}
	}
	return n
}
