"""What the rules say, for templates: `{{ step.formula|translated }}`."""

from django import template

from quota.words import translated

register = template.Library()
register.filter(translated)
