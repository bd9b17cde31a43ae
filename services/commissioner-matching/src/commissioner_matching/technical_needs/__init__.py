"""Technical needs (技术需求): filed by an enterprise, screened, routed, served, confirmed by the enterprise."""
