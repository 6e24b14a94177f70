"""The rules' words in templates: `{{ step.formula|translated }}`."""

from django import template

from design.law_words import translated

register = template.Library()
register.filter(translated)
