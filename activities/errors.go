package activities

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"duradesk/ticket"
)

// ErrAuth says that a mail server refused the login; trying again at once would only lock the account.
var ErrAuth = errors.New("the mail server refused the login")

// Types of errors as operators see them in histories. Messages name no person and hold no text.
const (
	TypeRowBehind = "RowBehind"
	TypeGone      = "Gone"
	TypeAuth      = "Auth"
	TypeAway      = "Away"
)

// verdict is the single place that says which errors are worth a retry. Infrastructure is: it comes back. What can
// never succeed is not, and the workflow is told so.
func verdict(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ticket.ErrRowBehind):
		return temporal.NewApplicationError(ticket.ErrRowBehind.Error(), TypeRowBehind)
	case ticket.CodeOf(err) == ticket.NotFound:
		return temporal.NewNonRetryableApplicationError("the row is gone", TypeGone, nil)
	case errors.Is(err, ErrAuth):
		return temporal.NewApplicationError(ErrAuth.Error(), TypeAuth)
	default:
		// The cause goes to the log, not into a history: it may quote a query's parameters.
		return temporal.NewApplicationError("not done, trying again; the worker's log says why", TypeAway)
	}
}
