DROP TABLE public.hikes;
DROP TABLE public.trails;
