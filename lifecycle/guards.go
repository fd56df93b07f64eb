package lifecycle

import "duradesk/ticket"

// facts are all that a guard may look at.
type facts struct {
	p ticket.Process
	c ticket.Command
	s ticket.Settings
}

// Guard is a condition with a name that people read in the matrix.
type Guard struct {
	Name  string
	Holds func(facts) bool
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
	byAdmin = Guard{"asked by an admin", func(x facts) bool { return x.c.By.Role >= ticket.RoleAdmin }}
)

func category(x facts) ticket.Category {
	if x.c.Params.Resolve == nil {
		return ticket.NoCategory
	}
	return x.c.Params.Resolve.Category
}
