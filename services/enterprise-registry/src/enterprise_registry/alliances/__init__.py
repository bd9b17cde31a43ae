"""Alliances and innovation consortia (产业技术创新联盟、创新联合体): one lead, members with roles, one chain."""
