"""The people of a test classroom."""

from gan_core.access import VIEWER, Actor, Role

PIN, CODE = "teach-er-42", "KXQ4-7RMT"
ANNA, BEN = Actor("anna", "Anna", Role.STUDENT), Actor("ben", "Ben", Role.STUDENT)
TEACHER = Actor("teacher", "", Role.TEACHER)
PEOPLE = {"viewer": VIEWER, "owner": ANNA, "other student": BEN, "teacher": TEACHER}
