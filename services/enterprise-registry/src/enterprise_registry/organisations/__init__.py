"""Organisations (单位): enterprises, universities, institutes, departments; registered, verified by their county."""
