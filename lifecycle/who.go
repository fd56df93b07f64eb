package lifecycle

import "duradesk/ticket"

// who says the least role for each command (PRODUCT §3, "Who may"). Clients may what clients says, on their own
// tickets; what only the desk itself or a clock sends has no role.
var who = map[ticket.Kind]ticket.Role{
	ticket.Create:        ticket.RoleAgent,
	ticket.ClientReply:   ticket.RoleAgent, // a phone log
	ticket.AgentResponse: ticket.RoleAgent,
	ticket.Hold:          ticket.RoleAgent,
	ticket.Resolve:       ticket.RoleAgent,
	ticket.Escalate:      ticket.RoleAgent,
	ticket.Assign:        ticket.RoleAgent,
	ticket.Note:          ticket.RoleAgent,
	ticket.Classify:      ticket.RoleAgent,
	ticket.Merge:         ticket.RoleAgent,
	ticket.Unmerge:       ticket.RoleAgent,
	ticket.LinkTo:        ticket.RoleAgent,
	ticket.Recall:        ticket.RoleAgent,
	ticket.Promise:       ticket.RoleAgent,
	ticket.Split:         ticket.RoleAgent,
	ticket.Move:          ticket.RoleAgent,
	ticket.Withdraw:      ticket.RoleAgent,
	ticket.Close:         ticket.RoleLead,
	ticket.Restore:       ticket.RoleLead,
	ticket.Delete:        ticket.RoleLead,
}

// clients may these; classify only with full access, and only the fields that the desk allows (the door looks).
var clients = map[ticket.Kind]bool{ticket.ClientReply: true, ticket.ClientVerdict: true, ticket.Feedback: true, ticket.Classify: true}

// May reports whether the actor may ever send such a command. Where tickets must be the actor's own, or in his desk,
// the door that let him in has looked.
func May(by ticket.Actor, k ticket.Kind) bool {
	switch by.Kind {
	case ticket.ActorSystem:
		return true
	case ticket.ActorClient:
		return clients[k]
	case ticket.ActorAgent, ticket.ActorOperator:
		least, ok := who[k]
		return ok && by.Role >= least || k == ticket.Unreadable && by.Kind == ticket.ActorOperator
	case ticket.NoActor:
		return false
	}
	return false
}

// CommandsOf lists the commands that the actor may ever send to an existing ticket, in the order of PRODUCT §3.
func CommandsOf(by ticket.Actor) []ticket.Kind {
	var out []ticket.Kind
	for _, k := range ticket.Commands() {
		if by.Kind == ticket.ActorClient && k == ticket.Classify && !by.Full {
			continue
		}
		if k != ticket.Create && !k.System() && May(by, k) {
			out = append(out, k)
		}
	}
	return out
}
