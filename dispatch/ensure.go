package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Attributes are the search attributes that operators filter by (CONTRACT §4).
var Attributes = map[string]enumspb.IndexedValueType{
	"TicketNumber": enumspb.INDEXED_VALUE_TYPE_INT,
	"TicketState":  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"Desk":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"TicketGroup":  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"Owner":        enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"Channel":      enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"Priority":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"NextDueAt":    enumspb.INDEXED_VALUE_TYPE_DATETIME,
	"Breached":     enumspb.INDEXED_VALUE_TYPE_BOOL,
}

// Ensure makes a namespace fit for the desk: the search attributes are there and of the right type, and closed
// histories are kept for retention (a server's default of 24 h is useless to an operator). A retention that is longer
// already is left alone.
func Ensure(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	if err := ensureAttributes(ctx, c, namespace); err != nil {
		return err
	}
	return ensureRetention(ctx, c, namespace, retention)
}

func ensureAttributes(ctx context.Context, c client.Client, namespace string) error {
	for {
		missing, err := missingAttributes(ctx, c, namespace)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			return nil
		}
		_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
		if err != nil {
			return fmt.Errorf("add search attributes to namespace %s: %w", namespace, err)
		}
		select { // a cluster's caches show them with delay
		case <-ctx.Done():
			return fmt.Errorf("search attributes of namespace %s did not appear: %w", namespace, ctx.Err())
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func missingAttributes(ctx context.Context, c client.Client, namespace string) (map[string]enumspb.IndexedValueType, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	var wrong []string
	for name, want := range Attributes {
		is, ok := have.GetCustomAttributes()[name]
		switch {
		case !ok:
			missing[name] = want
		case is != want:
			wrong = append(wrong, fmt.Sprintf("%s is %s, must be %s", name, is, want))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return nil, fmt.Errorf("namespace %s has search attributes of another type (%s): use another namespace, or remove them there", namespace, strings.Join(wrong, "; "))
	}
	return missing, nil
}

// ensureRetention raises it where it is shorter. Of several processes that start at once the server lets one through;
// the others look again and find it done.
func ensureRetention(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	for attempt := 1; ; attempt++ {
		have, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		if err != nil {
			return fmt.Errorf("describe namespace %s: %w", namespace, err)
		}
		if have.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() >= retention {
			return nil
		}
		_, err = c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: namespace, Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
		})
		if err == nil {
			return nil
		}
		if attempt == 5 || ctx.Err() != nil {
			return fmt.Errorf("raise retention of namespace %s: %w", namespace, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}
